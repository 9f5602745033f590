"""``rota.toml``: duty lists (值班表) with shifts, turns and replacements."""

from datetime import date
from itertools import pairwise

from domain.rota import MINUTES, Override, Rota, Shift, Turn, spans
from store.pack.fields import Fields, Place, all_fields, fields_of
from store.pack.moments import read_date, read_span
from store.pack.problems import ProblemBook
from store.pack.rules import parse_span
from store.pack.toml_lines import TomlFile

FILE = "rota.toml"
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
_SOME_DAY = date(1970, 1, 5)


def read_rotas(*, file: TomlFile, timezone: str, book: ProblemBook) -> tuple[Rota, ...]:
    """Read every ``[[rota]]`` with its shifts and overrides, in the city's time zone."""
    found = []
    seen = {"shift": 0, "override": 0}
    for fields in all_fields(file=file, path="rota", book=book):
        inner = {
            key: [
                fields_of(file=file, path=f"rota.{key}", index=count + n, data=table, book=book)
                for n, table in enumerate(fields.tables(key))
            ]
            for key, count in seen.items()
        }
        seen = {key: count + len(inner[key]) for key, count in seen.items()}
        rota = _rota(fields, shifts=inner["shift"], overrides=inner["override"], timezone=timezone)
        fields.finish(also=("note_zh", "note_en"))
        if not book.wrote("rota", rota.name, fields.where()):
            zh, en = f"“{rota.name}”的值班表重复", f"{rota.name!r} has two rotas"
            fields.problem("unit", code="duplicate_rota", zh=zh, en=en)
            continue
        found.append(rota)
    return tuple(found)


def _rota(fields: Fields, *, shifts: list[Fields], overrides: list[Fields], timezone: str) -> Rota:
    unit, kind, level = fields.optional("unit"), fields.optional("kind"), fields.level("level")
    if (unit is None) == (kind is None) or (kind is None) != (level is None):
        zh, en = "须写明 unit,或 kind 与 level", "it must name either a unit, or a kind and a level"
        fields.problem(None, code="rota_of_nobody", zh=zh, en=en)
    since = read_date(fields, "since")
    read = tuple(_shift(one, since=since) for one in shifts)
    if not read:
        fields.problem(
            None, code="rota_without_shift", zh="没有班次 [[rota.shift]]", en="it has no [[rota.shift]]"
        )
    _check_overlap(read, places=[one.where() for one in shifts], book=fields.book)
    return Rota(
        timezone=timezone,
        unit=unit,
        kind=kind,
        level=level,
        shifts=read,
        overrides=tuple(_override(one, timezone=timezone) for one in overrides),
    )


def _shift(fields: Fields, *, since: date | None) -> Shift:
    people = tuple(name.strip() for name in fields.texts("people") if name.strip())
    begins = read_date(fields, "since") or since
    if not people:
        fields.problem(
            "people", code="shift_without_people", zh="班次没有人员 people", en="the shift has no people"
        )
    if begins is None and len(people) > 1:
        zh, en = "轮值须有起始日期 since", "people who take turns need a first day: since"
        fields.problem("since", code="missing_key", zh=zh, en=en)
    start = _hours(fields)
    shift = Shift(
        name=fields.text("name", ""),
        days=_days(fields),
        hours=start,
        people=people,
        since=begins or _SOME_DAY,
        turn=fields.choice("turn", Turn, Turn.WEEKLY),
        handoff=_minute(fields, default=start[0]),
        handoff_day=_weekday(fields),
    )
    fields.finish()
    return shift


def _hours(fields: Fields) -> tuple[int, int]:
    text = fields.text("hours", "00:00-24:00")
    start, _, end = (part.strip() for part in text.partition("-"))
    span = (0, MINUTES) if start == end == "00:00" else parse_span(text)
    if span is None and start == end and parse_span(f"{start}-24:00") is not None:
        # The same time twice: the whole day from there on.
        span = parse_span(f"{start}-24:00")
        span = (span[0], span[0]) if span is not None else None
    if span is None or span[0] >= MINUTES:
        zh, en = f"时段“{text}”应如 08:00-20:00", f"hours {text!r} must look like 08:00-20:00"
        fields.problem("hours", code="bad_hours", zh=zh, en=en)
        return (0, MINUTES)
    return span


def _minute(fields: Fields, *, default: int) -> int:
    text = fields.optional("handoff")
    span = parse_span(f"{text}-24:00") if text is not None else (default, MINUTES)
    if span is None:
        zh, en = f"交接时间“{text}”应如 08:00", f"handoff {text!r} must look like 08:00"
        fields.problem("handoff", code="bad_hours", zh=zh, en=en)
        return default
    return span[0]


def _days(fields: Fields) -> tuple[int, ...]:
    value = fields.data.get("days") if fields.has("days") else list(EVERY_DAY)
    if isinstance(value, list) and value and all(type(day) is int and day in EVERY_DAY for day in value):
        return tuple(sorted(set(value)))
    zh, en = "days 应为 1(周一)至 7(周日)的列表", "days must be a list of 1 (Monday) to 7 (Sunday)"
    fields.problem("days", code="wrong_value", zh=zh, en=en)
    return EVERY_DAY


def _weekday(fields: Fields) -> int:
    day = fields.integer("handoff_day", 1)
    if day in EVERY_DAY:
        return day
    zh, en = "handoff_day 应为 1(周一)至 7(周日)", "handoff_day must be 1 (Monday) to 7 (Sunday)"
    fields.problem("handoff_day", code="wrong_value", zh=zh, en=en)
    return 1


def _override(fields: Fields, *, timezone: str) -> Override:
    starts, ends = read_span(fields, timezone=timezone)
    override = Override(
        starts=starts,
        ends=ends,
        replaces=fields.optional("replaces"),
        by=fields.optional("by"),
        note=fields.text("note", ""),
    )
    fields.finish()
    return override


def _check_overlap(shifts: tuple[Shift, ...], *, places: list[Place], book: ProblemBook) -> None:
    """Two shifts at once would leave open who has the duty."""
    taken = sorted((span, n) for n, shift in enumerate(shifts) for span in spans(shift))
    reported: set[int] = set()
    for (before, one), (after, other) in pairwise(taken):
        if after[0] < before[1] and other not in reported:
            reported.add(other)
            zh, en = (
                f"班次“{shifts[other].name}”与“{shifts[one].name}”重叠",
                f"shift {shifts[other].name!r} overlaps {shifts[one].name!r}",
            )
            book.add(where=places[other], code="shifts_overlap", zh=zh, en=en)
