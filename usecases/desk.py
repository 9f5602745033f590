"""The operator's desk while a caller speaks: what is it, whose is it, is it known already, is it dangerous?

One look at everything that was typed. Nothing here keeps anything or blocks anything: whatever
is missing or wrong, the report can be filed and triage does the rest.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from domain.account import Permission, Principal
from domain.catalogue import Category
from domain.desk import EmergencyRule, UrgencyQuestion
from domain.place import Place
from domain.report import Reporter
from domain.views import CaseView
from usecases.city import City
from usecases.desk_callers import NOBODY_KNOWN, Caller, cases_of
from usecases.desk_categories import Proposal, propose
from usecases.desk_sheet import Sheet, desk_channel
from usecases.desk_urgency import Urgency, dangers_in, questions_for, urgency_of
from usecases.duplicates import POINT_METHODS
from usecases.file_report import FileReport, tags_of
from usecases.permits import permit, scope_of, sees
from usecases.preview import Preview, PreviewReport, preview

NEARBY_M = 100.0
NEARBY_FOR = timedelta(days=7)
"""How far and how long back an operator is shown open cases; the pack's own rule where it reaches farther."""
MOST_NEARBY = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Nearby:
    """An open case near the place: how far in metres, and whether it can take this report.

    A milder case cannot: the report would wait on its milder clock (row 7).
    """

    view: CaseView
    metres: float
    takes: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """Everything the desk shows beside what was typed.

    ``category`` is the one taken, else the likeliest (``assumed``); ``condition`` and ``severity`` what
    operator and answers made of it, None being the catalogue's own.
    """

    proposals: tuple[Proposal, ...]
    category: Category | None
    assumed: bool
    condition: str | None
    urgency: Urgency
    severity: int | None
    questions: tuple[UrgencyQuestion, ...]
    outlook: Preview
    nearby: tuple[Nearby, ...]
    dangers: tuple[EmergencyRule, ...]
    caller: Caller


def look(*, city: City, who: Principal, sheet: Sheet, with_caller: bool = True) -> Look:
    """Look at what was typed. Raises BadRequest (not_permitted, unknown_area)."""
    permit(who, Permission.FILE)
    pack = city.pack
    proposals = propose(pack=pack, text=sheet.description)
    taken = pack.catalogue.get(sheet.category or "")
    likely = pack.catalogue[proposals[0].category] if proposals else None
    category = taken or likely
    code = category.code if category is not None else ""
    urgency = urgency_of(pack=pack, category=code, answers=sheet.answers)
    asked = to_file(city=city, sheet=replace(sheet, category=code or None), proposals=proposals)
    outlook = _outlook(city, asked)
    return Look(
        proposals=proposals,
        category=category,
        assumed=taken is None and category is not None,
        condition=asked.condition,
        urgency=urgency,
        severity=asked.severity,
        questions=questions_for(pack=pack, category=code),
        outlook=outlook,
        nearby=_nearby(city, who, codes=_codes(taken, proposals), outlook=outlook),
        dangers=dangers_in(pack=pack, text=sheet.description),
        caller=cases_of(city=city, who=who, phone=sheet.phone) if with_caller else NOBODY_KNOWN,
    )


def to_file(*, city: City, sheet: Sheet, proposals: tuple[Proposal, ...] = ()) -> FileReport:
    """Return the report that a sheet says, as it would be filed: the same for the preview and the real one.

    What the operator set by hand goes before what the answers set, and that before what the words say.
    """
    pack = city.pack
    code = sheet.category if sheet.category in pack.catalogue else None
    urgency = urgency_of(pack=pack, category=code or "", answers=sheet.answers)
    said = next((one.condition for one in proposals if one.category == code), None)
    known = {one.code for one in pack.catalogue[code].conditions} if code is not None else set()
    chosen = next((one for one in (sheet.condition, urgency.condition, said) if one in known), None)
    return FileReport(
        channel=desk_channel(pack).name,
        description=sheet.description,
        category=code,
        condition=chosen,
        place=sheet.place,
        reporter=sheet.reporter,
        severity=sheet.severity or urgency.severity,
        tags=urgency.tags,
    )


def outlook_of(*, city: City, sheet: Sheet) -> Preview:
    """Return what would become of a sheet: whose it is, and by when."""
    return _outlook(
        city, to_file(city=city, sheet=sheet, proposals=propose(pack=city.pack, text=sheet.description))
    )


def _outlook(city: City, asked: FileReport) -> Preview:
    nobody = replace(asked, reporter=Reporter())
    return preview(
        city=city,
        ask=PreviewReport(
            channel=asked.channel,
            category=asked.category,
            condition=asked.condition,
            place=asked.place,
            severity=asked.severity,
            tags=tags_of(city=city, ask=nobody),
        ),
    )


def _codes(taken: Category | None, proposals: tuple[Proposal, ...]) -> tuple[str, ...]:
    """Return the categories duplicates are looked for in: the one taken, and those nearly meant."""
    first = (taken.code,) if taken is not None else ()
    return tuple(dict.fromkeys((*first, *(one.category for one in proposals))))


def _nearby(city: City, who: Principal, *, codes: tuple[str, ...], outlook: Preview) -> tuple[Nearby, ...]:
    """Return open cases of these categories near the place, the nearest first."""
    place = outlook.place
    if not _is_point(place) or place.lon is None or place.lat is None:
        return ()
    settings = city.pack.merge
    since = city.now() - max(NEARBY_FOR, timedelta(hours=settings.hours))
    metres = max(settings.propose_m, settings.auto_m, NEARBY_M)
    severity = outlook.decision.severity if outlook.decision is not None else 4
    scope = scope_of(city=city, who=who)
    found: list[Nearby] = []
    for code in codes:
        near = city.store.open_nearby(
            category=code, lon=place.lon, lat=place.lat, metres=metres, since=since, exclude=None
        )
        found += [
            Nearby(view=view, metres=away, takes=view.severity <= severity and bool(view.reports))
            for view, away in near
            if not view.exercise and sees(scope=scope, view=view)
        ]
    return tuple(sorted(found, key=lambda one: (one.metres, one.view.case_no))[:MOST_NEARBY])


def _is_point(place: Place) -> bool:
    return place.lon is not None and place.lat is not None and place.method in POINT_METHODS
