"""Pictures for tests, with everything a camera writes into them."""

import io
import struct
import zlib

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

SECRET = "SECRET-OF-THE-CAMERA"
"""Stands in every kind of metadata: nothing of it may be in a public copy."""


def exif(
    *,
    lon: float | None = None,
    lat: float | None = None,
    taken: str | None = None,
    offset: str | None = None,
    orientation: int = 1,
) -> Image.Exif:
    """Return EXIF as a telephone writes it."""
    made = Image.Exif()
    made[ExifTags.Base.Make], made[ExifTags.Base.Model] = "Maker", SECRET
    made[ExifTags.Base.Orientation] = orientation
    inner = made.get_ifd(ExifTags.IFD.Exif)
    if taken is not None:
        inner[ExifTags.Base.DateTimeOriginal] = taken
    if offset is not None:
        inner[ExifTags.Base.OffsetTimeOriginal] = offset
    if lon is not None and lat is not None:
        gps = made.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N" if lat >= 0 else "S", parts(lat)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = (
            "E" if lon >= 0 else "W",
            parts(lon),
        )
    return made


def parts(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Return degrees, minutes and seconds."""
    left = abs(value)
    degrees = int(left)
    minutes = int((left - degrees) * 60)
    seconds = (left - degrees - minutes / 60) * 3600
    return IFDRational(degrees), IFDRational(minutes), IFDRational(round(seconds * 10_000), 10_000)


def picture(form: str = "JPEG", *, made: Image.Exif | None = None, size: tuple[int, int] = (40, 20)) -> bytes:
    """Return a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    extra = {"comment": SECRET.encode()} if form in {"JPEG", "GIF"} else {}
    image.save(out, form, **({"exif": made.tobytes()} if made is not None else {}), **extra)
    return out.getvalue()


def opened(body: bytes) -> Image.Image:
    """Return a decoded picture."""
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def claiming(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims to be as large as this."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
