"""Pictures people send: what they really are, what the camera said, and a copy that says nothing.

A picture is decoded within bounds or refused; whatever its bytes are, reading it ends in an
answer or in ``UnableToReadImage``. The public copy is drawn anew from the pixels: no EXIF, no
position, no thumbnail, no profile, no comment gets into it.
"""

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from PIL import ExifTags, Image, ImageOps

MOST_PIXELS = 64_000_000
"""A larger picture is refused before it is decoded: a few hundred bytes can claim gigabytes."""
LONGEST_SIDE = 2560
"""Pixels of a public copy's longer side."""
JPEG_QUALITY = 85
MOST_CAMERA = 100
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
WRITTEN_AS = {
    "image/jpeg": ("JPEG", "image/jpeg"),
    "image/png": ("PNG", "image/png"),
    "image/webp": ("WEBP", "image/webp"),
    "image/gif": ("PNG", "image/png"),  # its first picture
}
"""What the copy of a picture is written as."""

# We look at a picture's size ourselves, before it is decoded, and refuse instead of warning.
Image.MAX_IMAGE_PIXELS = None


class UnableToReadImage(ValueError):
    """The bytes are no such picture, or are broken. ``pixels`` is set where there are too many."""

    def __init__(self, *, pixels: int = 0) -> None:
        """Keep how many pixels it claims."""
        super().__init__("not a picture we can read")
        self.pixels = pixels


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadImage:
    """A picture's facts (JSON-plain; see ``AttachmentRow``) and its public copy."""

    facts: dict[str, Any] = field(default_factory=dict)
    copy: bytes
    copy_type: str


def read_image(*, body: bytes, media_type: str) -> ReadImage:
    """Decode a picture of a type in ``WRITTEN_AS``. CPU-bound. Raises UnableToReadImage for any other bytes."""
    written, copy_type = WRITTEN_AS[media_type]
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as image:
            _refuse_bomb(image)
            facts = _facts(image)
            copy = _copy(image, written)
    except UnableToReadImage:
        raise
    except Exception as error:  # the decoders raise nearly everything for broken bytes
        raise UnableToReadImage from error
    return ReadImage(facts=facts, copy=copy, copy_type=copy_type)


def _refuse_bomb(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise UnableToReadImage(pixels=width * height)


def _copy(image: Image.Image, written: str) -> bytes:
    # A JPEG is decoded at an eighth, a quarter or a half of its size where that is enough.
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    image.load()
    upright = ImageOps.exif_transpose(image)
    fresh = upright.convert(_mode(upright, written))
    fresh.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    fresh.info = {}
    out = io.BytesIO()
    if written == "JPEG":
        fresh.save(out, "JPEG", quality=JPEG_QUALITY, exif=b"", comment=b"", icc_profile=None)
    else:
        fresh.save(out, written, exif=b"", icc_profile=None)
    return out.getvalue()


def _mode(image: Image.Image, written: str) -> str:
    if written == "JPEG":
        return "L" if image.mode in {"1", "L"} else "RGB"
    return "RGBA" if image.has_transparency_data else "RGB"


def _facts(image: Image.Image) -> dict[str, Any]:
    """Return what the picture and its camera say. Wrong EXIF is no reason to refuse a picture."""
    facts: dict[str, Any] = {"width": image.size[0], "height": image.size[1]}
    try:
        exif = image.getexif()
        taken = dict(exif.get_ifd(ExifTags.IFD.Exif))
        gps = dict(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except Exception:  # noqa: BLE001 - the parser raises nearly everything for broken bytes
        return facts
    facts |= _when({**dict(exif), **taken})
    facts |= _where(gps)
    camera = _text(f"{_text(exif.get(ExifTags.Base.Make))} {_text(exif.get(ExifTags.Base.Model))}")
    return {**facts, "camera": camera} if camera else facts


def _when(tags: Mapping[int, Any]) -> dict[str, Any]:
    """Return when the picture was taken: with the zone's offset where the camera knew it."""
    pairs = (
        (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
        (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
        (ExifTags.Base.DateTime, ExifTags.Base.OffsetTime),
    )
    for moment, offset in pairs:
        try:
            local = datetime.strptime(_text(tags.get(moment)), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
        except ValueError:
            continue
        zone = _zone(_text(tags.get(offset)))
        return {"taken_at": (local if zone is None else local.replace(tzinfo=zone)).isoformat()}
    return {}


def _zone(text: str) -> timezone | None:
    """Read ``+08:00``."""
    try:
        read = datetime.strptime(text, "%z").tzinfo
    except ValueError:
        return None
    away = read.utcoffset(None) if read is not None else None
    return timezone(away) if away is not None and abs(away) <= timedelta(hours=14) else None


def _where(gps: Mapping[int, Any]) -> dict[str, Any]:
    """Return the position in degrees of WGS-84, or nothing: half a position is none."""
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), _text(gps.get(ExifTags.GPS.GPSLatitudeRef)), "NS", 90)
    lon = _degrees(
        gps.get(ExifTags.GPS.GPSLongitude), _text(gps.get(ExifTags.GPS.GPSLongitudeRef)), "EW", 180
    )
    # Cameras without a fix write noughts.
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return {}
    return {"lon": lon, "lat": lat}


def _degrees(parts: Any, letter: str, letters: str, most: int) -> float | None:
    """Read degrees, minutes and seconds with N, S, E or W."""
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    sign = {letters[0]: 1, letters[1]: -1}.get(letter.upper())
    if sign is None or not math.isfinite(value) or not 0 <= value <= most:
        return None
    return round(sign * value, 7)


def _text(value: Any) -> str:
    """Return a tag as a short printable text; cameras pad with NUL."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    if not isinstance(value, str):
        return ""
    return "".join(char for char in value if char.isprintable()).strip()[:MOST_CAMERA]
