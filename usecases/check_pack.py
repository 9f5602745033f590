"""``cityops check``: everything that is wrong with a city pack, in plain words with file and line."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.decision import RouteRequest, RoutingDecision
from domain.org import Area
from domain.pack import CityPack, PackProblem
from domain.place import Level, LocateMethod, Place
from routing import build_book, decide
from routing.shadow import shadowed_by
from routing.words import FALLBACK
from store.pack import ProblemBook, read
from store.pack.alarms import check_alarms
from store.pack.bursts import check_bursts
from store.pack.desk import check_desk
from store.pack.devices import check_profiles
from store.pack.places import check_places
from store.pack.references import check_references
from store.pack.sources import check_sources
from store.pack.tree_checks import check_tree
from usecases.check_duty import DAYS, check_duty
from usecases.check_rule_names import check_rule_names
from usecases.check_rules import check_rules
from usecases.formats.mapping import mapping_faults

WARN_BEFORE = timedelta(days=DAYS)
"""How long before the last known year ends the calendar is reported."""


def check(*, folder: Path, today: date | None = None, geometry: bool = True) -> list[PackProblem]:
    """Return every problem of a pack, by file and line; an empty list means it is sound.

    ``today`` (the city's date; without it the calendar's first day) begins the ninety days
    for which calendar, duty and rules are judged; without it nothing is said about the
    calendar's end. ``geometry`` reads the area files too, which takes seconds and needs the
    geo extras. Problems marked ``warning`` do not stop the pack from being used.
    """
    reading = read(folder=folder)
    book = reading.book
    if reading.pack is not None:
        check_references(pack=reading.pack, book=book)
        check_bursts(pack=reading.pack, book=book)
        check_profiles(pack=reading.pack, book=book)
        check_alarms(pack=reading.pack, book=book)
        check_sources(pack=reading.pack, book=book)
        check_places(pack=reading.pack, book=book)
        check_desk(pack=reading.pack, book=book)
        _check_mappings(pack=reading.pack, book=book)
        check_tree(pack=reading.pack, book=book)
        _check_rules_win(pack=reading.pack, book=book)
        _check_owners(pack=reading.pack, book=book)
        _check_calendar(pack=reading.pack, today=today, book=book)
        _check_future(pack=reading.pack, today=today, book=book)
    if geometry and (folder / "city.toml").exists() and not _unreadable(book, "city.toml"):
        _check_geometry(folder=folder, pack=reading.pack, book=book)
    return list(book.problems)


def _unreadable(book: ProblemBook, file: str) -> bool:
    return any(p.file == file and p.code in ("not_toml", "unreadable_file") for p in book.problems)


def _check_mappings(*, pack: CityPack, book: ProblemBook) -> None:
    for source in pack.sources:
        for fault in mapping_faults(source.mapping):
            zh, en = f"来源“{source.name}”的映射有误:{fault}", f"mapping of {source.name!r} is wrong: {fault}"
            book.add(where=book.where("source", source.name), code="bad_mapping", zh=zh, en=en)


def _check_rules_win(*, pack: CityPack, book: ProblemBook) -> None:
    for rule in pack.rules:
        if rule.matches_everything:
            continue  # a safety net is meant to win only where everything else is missing
        winner = shadowed_by(rule=rule, pack=pack)
        if winner is not None:
            book.add(
                where=book.where("rule", rule.id),
                code="rule_never_wins",
                zh=f"规则“{rule.id}”永远不会生效,总被“{winner}”等规则取代",
                en=f"rule {rule.id!r} can never win: {winner!r} always beats it",
            )


def _check_future(*, pack: CityPack, today: date | None, book: ProblemBook) -> None:
    """Look at the next ninety days, and play them where nothing is broken already."""
    day = today or date(min(pack.calendar.known_years, default=2026), 1, 1)
    start = datetime.combine(day, time(9), tzinfo=ZoneInfo(pack.city.timezone)).astimezone(UTC)
    check_duty(pack=pack, today=day, book=book)
    check_rule_names(pack=pack, start=start, book=book)
    if not book.fatal:
        places = [place_in(area=area, pack=pack) for area in _probes(pack)]
        check_rules(pack=pack, places=places, start=start, book=book)


def _check_owners(*, pack: CityPack, book: ProblemBook) -> None:
    """Category × area: every filing condition must find an owner by a rule wherever it may be.

    Streets stand for what lies in them: a unit is looked for from the bottom upwards, so
    what a street has, its communities and grids have too, unless another overlay runs some of
    them. A place known to its district or only to the city must find an owner too; that may
    be the locality's, since a dispatcher asks for the place anyway.
    """
    routes = build_book(pack)
    coarse = _coarse(pack)
    places = [(area, place_in(area=area, pack=pack)) for area in _probes(pack)]
    places += [(area, place_at(area=area, pack=pack)) for area in coarse]
    for code, category in pack.catalogue.items():
        for condition in category.conditions:
            ownerless, fallen = [], []
            for area, place in places:
                request = RouteRequest(place=place, category=code, condition=condition.code)
                decision = decide(request=request, book=routes)
                if decision.lead is None:
                    ownerless.append(area)
                elif _fell_back(decision) and area not in coarse:
                    fallen.append(area)
            name = f"{code}/{condition.code}"
            where = book.where("condition", name)
            where = where if where[0] else book.where("category", code)
            for areas, problem, words in (
                (ownerless, "no_owner", ("没有承办单位", "has no owner")),
                (
                    fallen,
                    "locality_fallback",
                    ("没有规则,只能属地兜底", "has no rule and falls to the locality"),
                ),
            ):
                _report_areas(areas=areas, name=name, where=where, code=problem, words=words, book=book)


def _report_areas(
    *,
    areas: list[Area],
    name: str,
    where: tuple[str, int],
    code: str,
    words: tuple[str, str],
    book: ProblemBook,
) -> None:
    if areas:
        first, (zh, en) = areas[0], words
        book.add(
            where=where,
            code=code,
            zh=f"“{name}”在 {len(areas)} 个区域{zh},如 {first.code} {first.name}",
            en=f"{name!r} {en} in {len(areas)} areas, for example {first.code} {first.name}",
        )


def _fell_back(decision: RoutingDecision) -> bool:
    return any(reason.rule == FALLBACK for reason in decision.reasons)


def _probes(pack: CityPack) -> tuple[Area, ...]:
    """Return the streets, or in a city without streets its finest areas above them.

    A street whose communities or grids are run by other overlays is followed by one of each.
    """
    levels = (Level.STREET, Level.DISTRICT, Level.CITY)
    found = next((pack.areas.at(level) for level in levels if pack.areas.at(level)), ())
    known = {area.code for area in found}
    seen = {(area.code, area.zone) for area in found}
    others = []
    for level in (Level.COMMUNITY, Level.GRID):
        for area in pack.areas.at(level):
            probe = next((above.code for above in pack.areas.lineage(area.code) if above.code in known), "")
            if (probe, area.zone) not in seen:
                seen.add((probe, area.zone))
                others.append(area)
    return (*found, *others)


def _coarse(pack: CityPack) -> tuple[Area, ...]:
    """Return the areas above the streets: what is known of a place that was located by its address only."""
    if not pack.areas.at(Level.STREET):
        return pack.areas.at(Level.CITY) if pack.areas.at(Level.DISTRICT) else ()
    return (*pack.areas.at(Level.CITY), *pack.areas.at(Level.DISTRICT))


def place_at(*, area: Area, pack: CityPack) -> Place:
    """Return a place that is known to this area and no further."""
    return Place(chain=pack.areas.chain(area.code), method=LocateMethod.MANUAL)


def place_in(*, area: Area, pack: CityPack) -> Place:
    """Return a place in an area, as deep as its first child, grandchild … go."""
    deepest = area
    for level in (Level.COMMUNITY, Level.GRID):
        deepest = next((a for a in pack.areas.at(level) if a.parent == deepest.code), deepest)
    return Place(chain=pack.areas.chain(deepest.code), method=LocateMethod.MANUAL)


def _check_calendar(*, pack: CityPack, today: date | None, book: ProblemBook) -> None:
    years = pack.calendar.known_years
    if today is None or not years:
        return
    end = date(years[-1], 12, 31)
    if not years[0] <= today.year <= years[-1]:
        zh = f"工作日历只到 {years[-1]} 年,今天是 {today}"
        en = f"the working calendar knows {years[0]} to {years[-1]}, today is {today}"
        book.add(where=("calendar.toml", 1), code="calendar_ended", zh=zh, en=en)
    elif end - today < WARN_BEFORE:
        zh = f"工作日历将于 {end} 到期,请补充下一年度节假日安排"
        en = f"the working calendar ends on {end}: add the next year's holidays"
        book.add(where=("calendar.toml", 1), code="calendar_ends", zh=zh, en=en, warning=True)


def _check_geometry(*, folder: Path, pack: CityPack | None, book: ProblemBook) -> None:
    # Reading area files takes seconds and heavy libraries: only this check pays for them.
    from geo.checks import check_areas  # noqa: PLC0415

    for found in check_areas(folder=folder):
        subject = f"{found.feature}:" if found.feature else ""
        book.add(
            where=(found.file, 0),
            code=found.code,
            zh=f"{subject}{found.zh}",
            en=f"{subject} {found.en}".strip(),
            warning=found.warning,
        )
    if pack is not None and not any(p.file.startswith("areas/") and not p.warning for p in book.problems):
        for code, zh, en in _unlisted(folder=folder, pack=pack):
            book.add(where=("areas/areas.csv", 0), code=code, zh=zh, en=en)


def _unlisted(*, folder: Path, pack: CityPack) -> Iterator[tuple[str, str, str]]:
    """Compare the area table with the outlines: a code only one of them knows gets no unit, or no case."""
    from geo.layers import read_pack_areas  # noqa: PLC0415

    areas = read_pack_areas(folder)
    outlined = {row.code for row in areas.rows}
    listed = {area.code for level in Level for area in pack.areas.at(level)} | {
        zone.code for zone in pack.areas.zones
    }
    for codes, code, zh, en in (
        (
            outlined - listed,
            "area_not_listed",
            "有边界而不在区域表中",
            "have an outline but are not in the table",
        ),
        (
            listed - outlined,
            "area_without_outline",
            "在区域表中而没有边界",
            "are in the table but have no outline",
        ),
    ):
        if codes:
            first = min(codes)
            yield code, f"{len(codes)} 个区域{zh},如 {first}", f"{len(codes)} areas {en}, for example {first}"


__all__ = ["check", "place_in"]
