"""Pictures people send: any bytes end in an answer, and a public copy says nothing of its camera."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.unit.pictures import SECRET, claiming, exif, opened, picture
from usecases.images import LONGEST_SIDE, MOST_PIXELS, WRITTEN_AS, UnableToReadImage, read_image
from usecases.media_types import agrees, type_of

FULL = exif(lon=114.2862, lat=30.5965, taken="2026:11:22 10:20:30", offset="+08:00")
FORMS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@pytest.mark.parametrize(("form", "media_type"), FORMS.items())
def test_what_the_camera_said_is_read_and_then_gone(form: str, media_type: str) -> None:
    read = read_image(body=picture(form, made=FULL), media_type=media_type)
    assert read.facts["taken_at"] == "2026-11-22T10:20:30+08:00"
    assert (read.facts["lon"], read.facts["lat"]) == pytest.approx((114.2862, 30.5965), abs=1e-6)
    assert (read.facts["width"], read.facts["height"]) == (40, 20)
    assert SECRET in read.facts["camera"]
    copy = opened(read.copy)
    assert (copy.format, read.copy_type) == (form, media_type)
    assert not copy.getexif()
    assert set(copy.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop", "background",
                              "timestamp", "duration"}  # fmt: skip
    assert words(read.copy) == []


def words(body: bytes) -> list[bytes]:
    return [mark for mark in (b"Exif", b"xmp", b"ICC_PROFILE", b"iCCP", SECRET.encode()) if mark in body]


def test_text_xmp_and_profiles_do_not_get_into_a_copy() -> None:
    note = PngInfo()
    note.add_text("Comment", SECRET)
    note.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET}</x>")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    Image.new("RGBA", (3, 3)).save(out, "PNG", pnginfo=note, icc_profile=profile)
    assert SECRET.encode() in out.getvalue()
    assert words(read_image(body=out.getvalue(), media_type="image/png").copy) == []
    out = io.BytesIO()
    Image.new("RGB", (3, 3)).save(out, "WEBP", xmp=SECRET.encode(), icc_profile=profile, exif=FULL.tobytes())
    assert SECRET.encode() in out.getvalue()
    assert words(read_image(body=out.getvalue(), media_type="image/webp").copy) == []


@pytest.mark.parametrize(("orientation", "red"), [(1, "left"), (3, "right"), (6, "top"), (8, "bottom")])
def test_a_copy_stands_upright(orientation: int, red: str) -> None:
    read = read_image(body=picture(made=exif(orientation=orientation)), media_type="image/jpeg")
    copy = opened(read.copy).convert("RGB")
    width, height = copy.size
    assert (width, height) == ((20, 40) if red in {"top", "bottom"} else (40, 20))
    spots = {"left": (2, height // 2), "right": (width - 3, height // 2),
             "top": (width // 2, 2), "bottom": (width // 2, height - 3)}  # fmt: skip
    pixel = copy.getpixel(spots[red])
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200
    assert pixel[2] < 60


@settings(max_examples=25)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_positions_of_every_hemisphere(lon: float, lat: float) -> None:
    facts = read_image(body=picture(made=exif(lon=lon, lat=lat)), media_type="image/jpeg").facts
    if abs(lon) < 1e-6 and abs(lat) < 1e-6:
        assert "lon" not in facts
    else:
        assert (facts["lon"], facts["lat"]) == pytest.approx((lon, lat), abs=1e-6)


def test_a_time_without_a_zone_is_kept_without_one() -> None:
    facts = read_image(body=picture(made=exif(taken="2026:11:22 10:20:30")), media_type="image/jpeg").facts
    assert facts["taken_at"] == "2026-11-22T10:20:30"
    for taken in ("0000:00:00 00:00:00", "yesterday", "2026:13:40 10:20:30"):
        body = picture(made=exif(taken=taken))
        assert "taken_at" not in read_image(body=body, media_type="image/jpeg").facts


def test_what_claims_too_many_pixels_is_refused_undecoded() -> None:
    with pytest.raises(UnableToReadImage) as refused:
        read_image(body=claiming(60_000, 60_000), media_type="image/png")
    assert refused.value.pixels == 60_000 * 60_000 > MOST_PIXELS
    with pytest.raises(UnableToReadImage) as broken:
        read_image(body=claiming(300, 300), media_type="image/png")  # and then has no pixels
    assert broken.value.pixels == 0


def test_a_large_picture_becomes_a_smaller_copy() -> None:
    read = read_image(body=picture(size=(LONGEST_SIDE * 2, 100)), media_type="image/jpeg")
    assert read.facts["width"] == LONGEST_SIDE * 2
    assert max(opened(read.copy).size) <= LONGEST_SIDE


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "I;16"])
def test_every_mode_has_a_copy(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    out = io.BytesIO()
    Image.new(mode, (5, 5)).save(out, form)
    assert opened(read_image(body=out.getvalue(), media_type=FORMS[form]).copy).size == (5, 5)


def test_the_first_picture_of_a_gif_is_its_copy() -> None:
    read = read_image(body=picture("GIF"), media_type="image/gif")
    assert opened(read.copy).format == "PNG"
    assert words(read.copy) == []


WHOLE = [picture(form, made=FULL) for form in FORMS] + [picture("GIF"), claiming(50, 50)]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_bytes_break_the_reader(data: st.DataObject) -> None:
    """Truncated, overwritten, and glued together: a copy or a refusal, never anything else."""
    body = bytearray(data.draw(st.sampled_from(WHOLE)))
    cut = data.draw(st.integers(0, len(body)))
    body = body[:cut] + data.draw(st.sampled_from([b"", b"<script>", b"%PDF-1.7", b"\0" * 40, b"\xff" * 9]))
    for _ in range(data.draw(st.integers(0, 4))):
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    found = type_of(bytes(body))
    for media_type in {found or "image/jpeg", "image/png"} & set(WRITTEN_AS):
        try:
            read = read_image(body=bytes(body), media_type=media_type)
        except UnableToReadImage:
            continue
        assert words(read.copy) == []
        assert opened(read.copy).format in {"JPEG", "PNG", "WEBP"}


@settings(max_examples=50)
@given(body=st.binary(max_size=64))
def test_any_bytes_have_a_type_or_none(body: bytes) -> None:
    assert type_of(body) is None or isinstance(type_of(body), str)


def test_a_type_is_what_the_bytes_say() -> None:
    assert {type_of(picture(form)) for form in (*FORMS, "GIF")} == {*FORMS.values(), "image/gif"}
    assert type_of(b"%PDF-1.7\n") == "application/pdf"
    assert type_of(b"\0\0\0\x18ftypheic") == "image/heic"
    assert type_of(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>") is None
    assert type_of(b"MZ\x90\0") is None
    assert agrees(declared="image/jpg; charset=binary", found="image/jpeg")
    assert agrees(declared="application/octet-stream", found="image/png")
    assert not agrees(declared="image/png", found="image/jpeg")
