"""What a file is, by its first bytes. What its sender says it is has to agree."""

JPEG, PNG, WEBP, GIF, HEIC = "image/jpeg", "image/png", "image/webp", "image/gif", "image/heic"
PDF = "application/pdf"
MP3, WAV, OGG, M4A, AMR = "audio/mpeg", "audio/wav", "audio/ogg", "audio/mp4", "audio/amr"
SUFFIXES = {
    JPEG: ".jpg", PNG: ".png", WEBP: ".webp", GIF: ".gif", HEIC: ".heic", PDF: ".pdf",
    MP3: ".mp3", WAV: ".wav", OGG: ".ogg", M4A: ".m4a", AMR: ".amr",
}  # fmt: skip
KNOWN = tuple(SUFFIXES)

_STARTS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
    (b"\xff\xf2", MP3),
    (b"OggS", OGG),
    (b"#!AMR", AMR),
)
_RIFF = {b"WEBP": WEBP, b"WAVE": WAV}
_BRANDS = {
    b"heic": HEIC, b"heix": HEIC, b"heif": HEIC, b"mif1": HEIC, b"msf1": HEIC, b"M4A ": M4A, b"M4B ": M4A,
}  # fmt: skip
_ALSO = {
    "image/jpg": JPEG, "image/pjpeg": JPEG, "image/heif": HEIC, "audio/mp3": MP3, "audio/x-wav": WAV,
    "audio/wave": WAV, "audio/vnd.wave": WAV, "audio/x-m4a": M4A, "audio/m4a": M4A, "application/ogg": OGG,
    "application/x-pdf": PDF,
}  # fmt: skip
_SAYS_NOTHING = ("", "application/octet-stream", "binary/octet-stream")


def type_of(body: bytes) -> str | None:
    """Return the media type the bytes begin like, or None for one we do not take."""
    for start, media_type in _STARTS:
        if body.startswith(start):
            return media_type
    if body[:4] == b"RIFF":
        return _RIFF.get(body[8:12])
    if body[4:8] == b"ftyp":
        return _BRANDS.get(body[8:12])
    return None


def agrees(*, declared: str, found: str) -> bool:
    """Tell whether a declared media type may mean the one found; one that says nothing agrees with all."""
    plain = declared.partition(";")[0].strip().lower()
    return plain in _SAYS_NOTHING or _ALSO.get(plain, plain) == found
