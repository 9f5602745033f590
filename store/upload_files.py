"""The pieces of uploads under way: one file each in the media folder, written at offsets.

A piece is on the disk when ``write_piece`` returns. The same piece may be written twice.
"""

import os
from pathlib import Path

_FOLDER = 0o700
_FILE = 0o600


def part_of(*, folder: Path, upload_id: str) -> Path:
    """Return where the pieces of an upload lie, or would. ``upload_id`` is hexadecimal."""
    return folder / "uploads" / upload_id


def write_piece(*, folder: Path, upload_id: str, offset: int, body: bytes) -> None:
    """Write bytes at an offset. Raises OSError."""
    path = part_of(folder=folder, upload_id=upload_id)
    path.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, _FILE)
    try:
        os.lseek(handle, offset, os.SEEK_SET)
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(body)
            file.flush()
            os.fsync(handle)
    finally:
        os.close(handle)


def read_pieces(*, folder: Path, upload_id: str, size: int) -> bytes:
    """Return what is there, ``size`` bytes at most; nothing where there is no file."""
    try:
        with part_of(folder=folder, upload_id=upload_id).open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        return b""


def drop_pieces(*, folder: Path, upload_id: str) -> None:
    """Remove the pieces; nothing happens where there are none."""
    part_of(folder=folder, upload_id=upload_id).unlink(missing_ok=True)
