"""A picture a phone's camera reads."""

import segno


def qr(text: str) -> str:
    """Return the picture of a text, as the address of an image."""
    return str(segno.make(text, error="m").svg_data_uri(scale=4, border=3, light="#fff", dark="#000"))
