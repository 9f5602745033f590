"""Publishing: a pack's areas become an atlas folder that every process maps.

The folder's name is the hash of what it is made from, so publishing again costs nothing and
two atlases never mix. It appears by one rename: nobody sees half of it, and of two processes
that publish at once one waits and finds it done.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.atlas import Atlas
from geo.editions import AreaTable, Edition, IndexedLayer
from geo.index import FORMAT as INDEX_FORMAT
from geo.index import AreaIndex

if TYPE_CHECKING:
    from geo.drafts import EditionDraft
    from geo.layers import PackAreas

_FORMAT = f"atlas 1, index {INDEX_FORMAT}"
_MANIFEST = "atlas.json"
_TABLE = "areas.json"


class UnableToOpenAtlas(Exception):
    """The folder holds no atlas of this program's format: publish the pack again."""


def publish(*, pack_folder: Path, cache: Path) -> Path:
    """Build the atlas of a pack under ``cache`` unless it is there; return its folder.

    Raises UnableToReadLayer when the pack's areas cannot be used, with file and reason.
    """
    from geo.layers import source_files

    digest = hashlib.sha256(_FORMAT.encode())
    for path in source_files(pack_folder):
        digest.update(path.name.encode() + b"\0")
        if path.is_file():  # a missing file is refused, with words, when it is read
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    folder = cache / digest.hexdigest()[:24]
    if (folder / _MANIFEST).is_file():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(cache / f"{folder.name}.lock"):
        if not (folder / _MANIFEST).is_file():
            _build(pack_folder, folder)
    return folder


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Let one process at a time through; the lock dies with its holder."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(pack_folder: Path, folder: Path) -> None:
    from geo.drafts import draft_editions
    from geo.layers import read_pack_areas

    areas = read_pack_areas(pack_folder)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        drafts = draft_editions(areas, work, _known_indexes(folder.parent))
        _write(areas, drafts, work, folder.name)
        _flush(work)
        work.chmod(0o755)  # mkdtemp keeps others out; a worker may run as another user
        try:
            work.rename(folder)
        except OSError:
            if not (folder / _MANIFEST).is_file():  # somebody else was first: theirs is the same
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _flush(work: Path) -> None:
    """Bring every file to the disk before the folder gets its name, which says that all is there."""
    for path in work.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _known_indexes(cache: Path) -> dict[str, Path]:
    """Return the indexes of earlier atlases: a layer that did not change is linked, not rebuilt."""
    return {index.name: index for index in sorted(cache.glob("[!.]*/index-*")) if index.is_dir()}


def _write(areas: "PackAreas", drafts: "list[EditionDraft]", work: Path, name: str) -> None:
    layers = [areas.layers[row.layer] for row in areas.rows]
    table = AreaTable(
        codes=[row.code for row in areas.rows],
        names=[row.name for row in areas.rows],
        levels=[int(layer.level or 0) for layer in layers],
        synthetic=[row.synthetic for row in areas.rows],
        kinds=[layer.kind for layer in layers],
        precedences=[layer.precedence for layer in layers],
    )
    _dump(work / _TABLE, asdict(table))
    editions: list[dict[str, Any]] = []
    for number, draft in enumerate(drafts):
        np.save(work / f"edition-{number}-parents.npy", draft.parents)
        np.save(work / f"edition-{number}-held.npy", draft.held)
        for key, layer in draft.layers.items():
            np.save(work / f"edition-{number}-{key}.npy", layer.rows)
        editions.append({"begin": draft.begin, "layers": {k: v.index for k, v in draft.layers.items()}})
    manifest = {
        "format": _FORMAT,
        "version": f"{areas.release}#{name[:8]}",
        "bbox": areas.bbox,
        "editions": editions,
    }
    _dump(work / _MANIFEST, manifest)


def _dump(path: Path, value: object) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)


def open_atlas(folder: Path) -> Atlas:
    """Open what :func:`publish` built. Reads no area file and imports no GDAL, geopandas or pyproj."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UnableToOpenAtlas(f"{folder}: {problem}") from problem
    if manifest.get("format") != _FORMAT:
        raise UnableToOpenAtlas(
            f"{folder}: made by {manifest.get('format')!r}, this program reads {_FORMAT!r}"
        )
    table = AreaTable(**json.loads((folder / _TABLE).read_text(encoding="utf-8")))
    opener = _Opener(folder=folder, opened={})
    return Atlas(
        version=manifest["version"],
        bbox=tuple(manifest["bbox"]),
        table=table,
        editions=[opener.edition(number, entry, table) for number, entry in enumerate(manifest["editions"])],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opener:
    """Opens editions of one folder; an index that several share is mapped once."""

    folder: Path
    opened: dict[str, AreaIndex]

    def edition(self, number: int, entry: dict[str, Any], table: AreaTable) -> Edition:
        def array(name: str) -> Any:
            return np.load(self.folder / f"edition-{number}-{name}.npy")

        indexed = {
            key: IndexedLayer(rows=array(key), open_index=partial(self.index, name))
            for key, name in entry["layers"].items()
        }
        return Edition(
            begin=entry["begin"],
            table=table,
            parents=array("parents"),
            layers=[indexed[key] for key in sorted(indexed, reverse=True) if key.startswith("level")],
            zones=[indexed[key] for key in sorted(indexed) if not key.startswith("level")],
            held=array("held"),
        )

    def index(self, name: str) -> AreaIndex:
        if name not in self.opened:
            self.opened[name] = AreaIndex.load(self.folder / name)
        return self.opened[name]
