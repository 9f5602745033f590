"""A pack's folder → ``CityPack``. Standard library only: no geometry is read here."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from domain.pack import CityPack, PackProblem
from store.pack import (
    alarms,
    areas,
    bursts,
    catalogue,
    city,
    desk,
    devices,
    overlays,
    places,
    rotas,
    rules,
    severity,
    sources,
    tags,
    units,
    worktime,
)
from store.pack.fields import fields_of
from store.pack.open311 import read_open311
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile, read_toml

FILES = (
    city.FILE,
    areas.FILE,
    units.FILE,
    units.LIST_FILE,
    catalogue.FILE,
    catalogue.CONDITIONS,
    rules.FILE,
    severity.FILE,
    worktime.FILE,
    tags.FILE,
    overlays.FILE,
    overlays.CLASSES_FILE,
    rotas.FILE,
    bursts.FILE,
    sources.FILE,
    devices.FILE,
    alarms.FILE,
    places.FILE,
    places.READINGS_FILE,
    desk.KEYWORDS,
    desk.QUESTIONS,
    desk.EMERGENCY,
)
OBLIGATORY = (city.FILE, rules.FILE, severity.FILE, worktime.FILE)
OPTIONAL = {
    tags.FILE: ("tag",),
    overlays.FILE: ("overlay",),
    overlays.CLASSES_FILE: ("class",),
    rotas.FILE: ("rota",),
    bursts.FILE: ("burst",),
    sources.FILE: ("source",),
    devices.FILE: (devices.TABLE,),
    alarms.FILE: alarms.TABLES,
}
"""Files a pack may do without, each with the name of its tables: then it has none of what they hold."""


class UnableToLoadPack(Exception):
    """The folder is not a usable pack. ``problems`` say why, with file and line."""

    def __init__(self, *, folder: Path, problems: tuple[PackProblem, ...]) -> None:
        super().__init__(f"{folder}: " + "; ".join(str(problem) for problem in problems[:5]))
        self.problems = problems


@dataclass(frozen=True, kw_only=True, slots=True)
class PackReading:
    """What came of reading a folder: the pack (None when a file is missing), and the book."""

    pack: CityPack | None
    book: ProblemBook


def load(*, folder: Path) -> CityPack:
    """Read a pack for use. Raises UnableToLoadPack when anything but a warning was found."""
    reading = read(folder=folder)
    if reading.pack is None or reading.book.fatal:
        raise UnableToLoadPack(folder=folder, problems=reading.book.problems)
    return reading.pack


def read(*, folder: Path) -> PackReading:
    """Read a pack with all its problems, as far as it can be read."""
    book = ProblemBook()
    present = _obligatory(folder=folder, book=book)
    table = areas.read_areas(folder=folder, book=book)
    tree = units.read_units(folder=folder, areas=table, book=book)
    if len(present) < len(OBLIGATORY):
        return PackReading(pack=None, book=book)
    facts = city.read_city(file=present[city.FILE], book=book)
    policies, check = severity.read_severities(file=present[severity.FILE], book=book)
    categories = catalogue.read_catalogue(folder=folder, severities=policies, book=book)
    version = f"{facts.facts.release}+{content_hash(folder=folder)}"
    extra = {name: _optional(folder=folder, name=name, book=book) for name in OPTIONAL}
    pack = CityPack(
        city=facts.facts,
        channels=facts.channels,
        locate=facts.locate,
        merge=facts.merge,
        repeat=facts.repeat,
        open311=read_open311(file=present[city.FILE], book=book),
        areas=table,
        zones=facts.zones,
        catalogue=categories.categories,
        condition_departments=categories.condition_departments,
        tree=tree,
        rules=rules.read_rules(file=present[rules.FILE], book=book),
        severities=policies,
        check=check,
        calendar=worktime.read_calendar(file=present[worktime.FILE], version=version, book=book),
        version=version,
        tags=tags.read_tags(file=extra[tags.FILE], book=book),
        overlays=overlays.read_overlays(file=extra[overlays.FILE], timezone=facts.facts.timezone, book=book),
        grid_classes=overlays.read_classes(file=extra[overlays.CLASSES_FILE], book=book),
        rotas=rotas.read_rotas(file=extra[rotas.FILE], timezone=facts.facts.timezone, book=book),
        bursts=bursts.read_bursts(file=extra[bursts.FILE], book=book),
        sources=sources.read_sources(file=extra[sources.FILE], book=book),
        profiles=devices.read_profiles(file=extra[devices.FILE], catalogue=categories.categories, book=book),
        alarms=alarms.read_alarms(file=extra[alarms.FILE], book=book),
    )
    return PackReading(pack=_with_words(pack, folder=folder, book=book), book=book)


def _with_words(pack: CityPack, *, folder: Path, book: ProblemBook) -> CityPack:
    """Add what people call things: places, how names are spoken, the desk's words."""
    return replace(
        pack,
        places=places.read_places(folder=folder, book=book),
        readings=places.read_readings(folder=folder, book=book),
        desk=desk.read_desk(folder=folder, book=book),
    )


def _obligatory(*, folder: Path, book: ProblemBook) -> dict[str, TomlFile]:
    """Read the files no pack does without; one that cannot be read is missing from the answer."""
    files = {name: read_toml(folder=folder, name=name, book=book) for name in OBLIGATORY}
    return {name: file for name, file in files.items() if file is not None}


def _optional(*, folder: Path, name: str, book: ProblemBook) -> TomlFile:
    """Read a file a pack may do without; an empty one stands for what is absent or unreadable."""
    file = read_toml(folder=folder, name=name, book=book) if (folder / name).exists() else None
    if file is None:
        return TomlFile(name=name, text="", data={})
    fields_of(file=file, path="", data=file.data, book=book).finish(also=OPTIONAL[name])
    return file


def content_hash(*, folder: Path) -> str:
    """Return twelve hexadecimal digits over the content of the files a pack is read from.

    Geometry has versions of its own (``Place.boundary_version``) and is left out.
    """
    digest = hashlib.sha256()
    for name in FILES:
        path = folder / name
        if path.exists():
            digest.update(name.encode())
            digest.update(b"\0")
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
            digest.update(b"\0")
    return digest.hexdigest()[:12]
