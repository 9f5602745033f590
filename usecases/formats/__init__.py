"""Formats of machines: whatever came in becomes envelopes, or dead parts with a reason."""

from usecases.formats.read import read

__all__ = ["read"]
