"""From what a person typed to a command: fields checked, units known, routing asked where needed."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from functools import cache
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from domain.actor import Actor
from domain.messages import COMMANDS, Command, FileCase, RequestReturn
from domain.place import Level, ReportedPlace
from domain.views import CaseView
from usecases.city import City
from usecases.command_duty import suspension_of, task_of
from usecases.command_joint import ChildByHand, join_parent_of, mark_span_of, open_child_of, reported_of
from usecases.command_lead import check_lead
from usecases.command_levels import BY_HAND, check_service, with_levels
from usecases.command_supervision import open_supervision_of
from usecases.command_triage import check_named
from usecases.file_report import check_condition
from usecases.place_and_owner import Question, answer, by_hand, category_name, category_of, site_check
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view
from usecases.texts import check_values

UNIT_FIELDS = ("lead", "proposed_unit", "checker", "unit")
ENGINE_FIELDS = frozenset(
    {"request_id", "actor", "crosses_district", "ancestors", "levels", "districts", "streets", "above_owner"}
)
"""Fields of commands that are not the sender's to fill."""
ENGINE_KINDS = frozenset({"join_report", "child_changed", "alarm_changed", "supplement", "urge"})
MOST_TEXT = 5_000
MOST_CODE = 100
MOST_PHOTOS = 50
MOST_REFERENCE = 500
"""Characters of a reference to a photo or a document: an address, never the thing itself."""
MOST_LISTED = 300
"""Items of any other list. A case's state is one message of at most two megabytes."""
MOST_ERRORS = 50
MOST_PEOPLE = 1_000_000
FIGURES = ("dead", "injured")
GRADES = range(1, 6)
MILDEST = 4
CODES = dict.fromkeys(
    (
        "kind", "lead", "proposed_unit", "checker", "category", "condition", "area_code", "assignee", "master",
        "report_no", "close_kind", "service", "reference", "parent", "child", "children", "areas", "tags", "to",
        "verifier", "unit", "supervision", "level", "to_level",
    ),
    MOST_CODE,
) | dict.fromkeys(("photos", "evidence"), MOST_REFERENCE)  # fmt: skip


class UnableToBuildCommand(BadRequest):
    """The fields do not make a command; ``errors`` names each."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        """Keep the errors by field."""
        super().__init__(ProblemCode.INVALID_BODY)
        self.errors = errors[:MOST_ERRORS]


@dataclass(frozen=True, kw_only=True, slots=True)
class FileByHand:
    """What an operator says to file a case; the rest of ``FileCase`` is the engine's to find out."""

    category: str | None = None
    condition: str | None = None
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    area_code: str | None = None
    severity: Annotated[int | None, Field(ge=1, le=4)] = None
    lead: str | None = None
    reason: str = ""


def kinds() -> tuple[str, ...]:
    """Return the commands people may send."""
    return tuple(sorted(set(COMMANDS) - ENGINE_KINDS))


def build(
    *, city: City, case_no: str, kind: str, fields: dict[str, Any], actor: Actor, request_id: str
) -> Command:
    """Return the command. Raises BadRequest or UnableToBuildCommand."""
    check_values(values={"kind": kind, **fields}, most=CODES, otherwise=MOST_TEXT)
    if kind not in kinds():
        raise BadRequest(ProblemCode.UNKNOWN_COMMAND, kind=kind, known=", ".join(kinds()))
    if kind in ASKED:
        said, make = ASKED[kind]
        asked = _load(said, kind, fields)
        _check_units(city, fields)
        made = make(city=city, case_no=case_no, asked=asked, actor=actor, request_id=request_id)
        check_lead(city=city, case_no=case_no, command=made)
        return made
    command: Command = _load(COMMANDS[kind], kind, with_levels(fields), actor=actor, request_id=request_id)
    _check_units(city, fields)
    check_service(city, command)
    check_named(city, command)
    check_lead(city=city, case_no=case_no, command=command)
    complete = COMPLETED.get(kind)
    return command if complete is None else complete(city=city, case_no=case_no, command=command)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _plain(value: object) -> Any:
    kind: Any = type(value)
    return _adapter(kind).dump_python(value, mode="json")


def _load(cls: Any, kind: str, fields: dict[str, Any], **own: Any) -> Any:
    """Make the dataclass from JSON values, strictly: "no" is not taken for false."""
    known = {field.name for field in fields_of(cls)} - ENGINE_FIELDS
    errors = [
        {"pointer": f"/{name[:MOST_CODE]}", "code": "extra_forbidden", "detail": f"{kind} has no such field"}
        for name in sorted(set(fields) - known)
    ]
    errors += _out_of_range(kind, fields)
    if errors:
        raise UnableToBuildCommand(errors)
    named = {name: _plain(value) for name, value in own.items()}
    try:
        return _adapter(cls).validate_json(json.dumps({**fields, **named}), strict=True)
    except ValidationError as error:
        raise UnableToBuildCommand(
            [
                {"pointer": "/" + "/".join(map(str, one["loc"])), "code": one["type"], "detail": one["msg"]}
                for one in error.errors()
            ]
        ) from error


def _out_of_range(kind: str, fields: dict[str, Any]) -> list[dict[str, str]]:
    """Return what the types cannot say: five grades of a visit, counts of people, not too many photos."""
    grade = fields.get("grade")
    errors = []
    if kind == "record_visit" and isinstance(grade, int) and grade not in GRADES:
        errors.append(
            {"pointer": "/grade", "code": "out_of_range", "detail": "1 (very bad) to 5 (very good)"}
        )
    for name, listed in fields.items():
        most = MOST_PHOTOS if name in ("photos", "evidence") else MOST_LISTED
        if isinstance(listed, list) and len(listed) > most:
            errors.append({"pointer": f"/{name}", "code": "too_long", "detail": f"at most {most}"})
    for name in FIGURES:
        figure = fields.get(name)
        if isinstance(figure, int) and not 0 <= figure <= MOST_PEOPLE:
            errors.append({"pointer": f"/{name}", "code": "out_of_range", "detail": f"0 to {MOST_PEOPLE}"})
    return errors


def _check_units(city: City, fields: dict[str, Any]) -> None:
    for name in UNIT_FIELDS:
        unit = fields.get(name)
        if unit is not None and city.pack.tree.find(unit) is None:
            raise BadRequest(ProblemCode.UNKNOWN_UNIT, unit=unit[:60])


def _file_case(*, city: City, case_no: str, asked: FileByHand, actor: Actor, request_id: str) -> FileCase:
    """Build row 12 by hand: what the operator names, completed by location and routing.

    A named ``lead`` overrides routing's.
    """
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()
    kept = city.store.command(request_id=request_id)
    if kept is not None and isinstance(kept.command, FileCase) and kept.command.asked == digest:
        return kept.command
    view = case_view(city=city, case_no=case_no)
    code = asked.category or view.category
    category = category_of(grounds=city.grounds, code=code)
    if category is None:
        raise BadRequest(ProblemCode.UNKNOWN_CATEGORY, category=code[:50])
    check_condition(category=category, condition=asked.condition)
    found = answer(grounds=city.grounds, question=_question(city=city, view=view, code=code, asked=asked))
    decision = found.decision
    if asked.lead is not None:
        decision = by_hand(decision=decision, lead=asked.lead, grounds=city.grounds)
    return FileCase(
        request_id=request_id,
        actor=actor,
        category=code,
        category_name=category_name(category),
        place=found.place,
        decision=decision,
        site_check=site_check(category),
        reason=asked.reason,
        rules=found.rules,
        asked=digest,
    )


def _question(*, city: City, view: CaseView, code: str, asked: FileByHand) -> Question:
    """Ask with what the operator names, else with what was first reported: triage may change the category alone."""
    if asked.area_code is not None and city.pack.areas.get(asked.area_code) is None:
        raise BadRequest(ProblemCode.UNKNOWN_AREA, area=asked.area_code[:50])
    by_hand = any(given is not None for given in (asked.lon, asked.lat, asked.address, asked.area_code))
    named = ReportedPlace(lon=asked.lon, lat=asked.lat, address=asked.address, area_code=asked.area_code)
    report = city.store.report(report_no=view.case_no)
    if report is None:
        # Nobody reported it: a child, or the parent of others.
        return _question_of_case(view=view, code=code, asked=asked, named=named if by_hand else None)
    return Question(
        reported=named if by_hand else report.reported,
        channel=view.channel,
        category=code,
        condition=asked.condition or (report.condition if code == report.category else None),
        severity=asked.severity or _graded(city=city, view=view, first=report.severity),
        tags=report.tags,
        at=report.occurred_at,
        by_hand=by_hand,
        received_at=report.received_at,
    )


def _graded(*, city: City, view: CaseView, first: int | None) -> int | None:
    """Return the grade a report came with, or the one somebody has given the case since (``regrade``)."""
    category = city.pack.catalogue.get(view.category)
    usual = first or (category.severity if category is not None else MILDEST)
    return first if view.severity == usual else view.severity


def _question_of_case(
    *, view: CaseView, code: str, asked: FileByHand, named: ReportedPlace | None
) -> Question:
    return Question(
        reported=named or reported_of(view),
        channel=view.channel,
        category=code,
        condition=asked.condition,
        severity=asked.severity or view.severity,
        tags=view.tags,
        at=view.received_at,
        by_hand=True,
    )


def _with_districts(*, city: City, case_no: str, command: RequestReturn) -> RequestReturn:
    """Note whether the proposed unit answers for another district (then the city rules)."""
    if command.proposed_unit is None:
        return command
    kept = city.store.command(request_id=command.request_id)
    if kept is not None and isinstance(kept.command, RequestReturn):
        # Sent again: judged by the owner of then, or a repetition would look like another command.
        return replace(command, crosses_district=kept.command.crosses_district)
    view = case_view(city=city, case_no=case_no)
    here = _district_of(city, view.owner)
    there = _district_of(city, command.proposed_unit)
    return replace(command, crosses_district=here is not None and there is not None and here != there)


def _district_of(city: City, unit_code: str) -> str | None:
    """Return the code of the district, or of the zone, a unit works for; None for the city's own."""
    unit = city.pack.tree.find(unit_code)
    if unit is None or unit.level is Level.CITY:
        return None
    if unit.zone:
        return unit.area_code
    lineage = city.pack.areas.lineage(unit.area_code)
    return next((area.code for area in lineage if area.level is Level.DISTRICT), None)


ASKED: dict[str, tuple[type, Callable[..., Command]]] = {
    "file_case": (FileByHand, _file_case),
    "open_child": (ChildByHand, open_child_of),
    **BY_HAND,
}
"""Commands of which people say only a part: what they say, and who finds out the rest."""
COMPLETED: dict[str, Callable[..., Command]] = {
    "request_return": _with_districts,
    "join_parent": join_parent_of,
    "mark_span": mark_span_of,
    "open_supervision": open_supervision_of,
    "assign_task": task_of,
    "suspend": suspension_of,
}
"""Commands that carry fields which only the city's tables can fill."""
