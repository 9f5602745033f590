"""One stack per data folder: two of them would run two Temporal servers on one file."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process holds the folder."""


@contextmanager
def only_one(file: Path) -> Iterator[None]:
    """Hold a lock file for as long as the block runs; it dies with its holder. Raises AlreadyRunning."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise AlreadyRunning(f"{file.parent} 正在使用 / in use by another cityops") from problem
        yield
