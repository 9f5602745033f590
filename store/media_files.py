"""Files of any kind under their own SHA-256, in two levels of folders: the same bytes lie there once.

A file appears whole or not at all, and is on the disk when ``keep_file`` returns.
"""

import hashlib
import os
import tempfile
from pathlib import Path

_FOLDER = 0o700
"""Originals are evidence and may be personal: their folders are for the account of the service."""


def file_of(*, folder: Path, digest: str) -> Path:
    """Return where the bytes of a digest (64 hexadecimal digits) lie, or would."""
    return folder / digest[:2] / digest[2:4] / digest


def keep_file(*, folder: Path, body: bytes) -> str:
    """Keep bytes durably and return their digest. Raises OSError, nothing being there then."""
    digest = hashlib.sha256(body).hexdigest()
    path = file_of(folder=folder, digest=digest)
    if path.exists():
        return digest
    _make_folders(folder, path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(path.parent)
    return digest


def _make_folders(folder: Path, inner: Path) -> None:
    """Make the folders, and see that their entries are on the disk as well."""
    folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    for one in (inner.parent, inner):
        one.mkdir(mode=_FOLDER, exist_ok=True)
        _sync(one.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
