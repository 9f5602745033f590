"""Devices from a CSV file: every wrong line is told with its number, and then nothing is taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, isfinite, nan
from pathlib import Path

from domain.pack import PackProblem
from domain.place import Crs, ReportedPlace
from store.engine import Store
from store.pack import ProblemBook
from store.pack.csv_rows import read_rows
from store.pack.fields import Fields, Place
from store.rows_devices import Registered
from usecases.city import Grounds
from usecases.devices import NewDevice, register
from usecases.problems import BadRequest, ProblemCode

COLUMNS = ("code", "profile", "name_zh", "lon", "lat", "crs")
"""Columns a file must have; name_en, asset, unit, gateway, heartbeat_min and model it may have, and notes."""
MOST_HEARTBEAT_MIN = 31 * 24 * 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came of a file: nothing was taken where there are ``problems``."""

    registered: Registered
    problems: tuple[PackProblem, ...]


def import_devices(*, grounds: Grounds, store: Store, source: str, file: Path, at: datetime) -> Imported:
    """Register the devices of a CSV file for a source. Raises BadRequest (source_not_found)."""
    if store.source(name=source) is None:
        raise BadRequest(ProblemCode.SOURCE_NOT_FOUND, source=source[:60])
    book = ProblemBook()
    asks: list[NewDevice] = []
    places: list[Place] = []
    for fields in read_rows(folder=file.parent, name=file.name, columns=COLUMNS, book=book):
        before = len(book.problems)
        ask = _ask(fields, source)
        if not book.wrote("device", ask.code, fields.where()):
            first = book.where("device", ask.code)[1]
            zh, en = f"“{ask.code}”与第 {first} 行重复", f"device {ask.code!r} stands in line {first} too"
            fields.problem("code", code="duplicate_device", zh=zh, en=en)
        if len(book.problems) == before:
            asks.append(ask)
            places.append(fields.where())
    # Lines that could be read are judged although others could not: one look shows everything.
    registered, found = register(grounds=grounds, store=store, asks=asks, at=at, dry=book.fatal)
    for n, wrong in found:
        book.add(where=places[n], code=wrong.code.value, zh=wrong.text(lang="zh"), en=wrong.text(lang="en"))
    return Imported(registered=registered, problems=book.problems)


def _ask(fields: Fields, source: str) -> NewDevice:
    heartbeat = _number(fields, "heartbeat_min", most=MOST_HEARTBEAT_MIN)
    ask = NewDevice(
        source=source,
        code=fields.text("code"),
        profile=fields.text("profile"),
        name_zh=fields.text("name_zh"),
        name_en=fields.text("name_en", ""),
        asset=fields.text("asset", ""),
        unit=fields.text("unit", ""),
        gateway=fields.text("gateway", ""),
        place=ReportedPlace(
            lon=_number(fields, "lon", needed=True),
            lat=_number(fields, "lat", needed=True),
            crs=fields.choice("crs", Crs),
        ),
        heartbeat=None if heartbeat is None else timedelta(minutes=heartbeat),
        model=fields.text("model", ""),
    )
    fields.finish(also=("note", "note_zh", "note_en"))
    return ask


def _number(fields: Fields, key: str, *, needed: bool = False, most: float = inf) -> float | None:
    """Read a cell as a finite number; an empty one is None, and a problem where it is needed."""
    text = fields.text(key) if needed else fields.text(key, "")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = nan
    if isfinite(number) and (needed or 0 <= number <= most):
        return number
    zh, en = f"{key} 的值“{text[:40]}”不是合适的数", f"{key} is {text[:40]!r}, no fitting number"
    fields.problem(key, code="wrong_value", zh=zh, en=en)
    return None
