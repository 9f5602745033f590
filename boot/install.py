"""A changed pack takes the place of the one in force on this disk: whole, and never half of each."""

import shutil
from pathlib import Path

from store.pack import load
from store.pack.loader import content_hash


class UnableToInstall(OSError):
    """The folder of the pack in force cannot be replaced here; the text says what to do instead."""


def version_in(folder: Path) -> str:
    """Return the version of the pack in a folder, empty when there is no folder. Raises UnableToLoadPack."""
    return load(folder=folder).version if folder.is_dir() else ""


def install(*, new: Path, target: Path, keep: Path, before: str) -> None:
    """Put a copy of the pack in ``new`` where ``target`` is; the old one is kept under ``keep``.

    Each step is whole or not at all: a copy beside the target, the old pack kept under its
    version, then the copy in its place by two renames. Killed in between, it is done again.
    Raises UnableToInstall.
    """
    target = target.resolve()  # a link stays one: what it leads to is replaced
    staged = target.with_name(f".{target.name}.{content_hash(folder=new)}")
    try:
        _copy(new, staged)
        if target.is_dir():
            _keep(target, keep / before)
        gone = target.with_name(f".{target.name}.gone")
        _remove(gone)
        if target.is_dir():
            target.rename(gone)
        staged.rename(target)
        _remove(gone)
    except OSError as error:
        raise UnableToInstall(
            f"{target} 无法替换，请自行将新规则包放到该处后再次执行 / "
            f"cannot replace {target} ({error}): put the new pack there yourself, then apply again"
        ) from error


def _copy(new: Path, staged: Path) -> None:
    """Copy whole or not at all: the copy gets its name when it is complete."""
    work = staged.with_name(f"{staged.name}.copying")
    _remove(work)
    _remove(staged)
    shutil.copytree(new, work)
    work.rename(staged)


def _keep(target: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        _copy(target, kept)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
