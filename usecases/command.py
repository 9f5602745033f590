"""From what a person typed to a command: fields checked, units known, routing asked where needed."""

from dataclasses import fields as fields_of
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.messages import COMMANDS, Command, FileCase, RequestReturn
from domain.place import Level, ReportedPlace
from usecases.city import City
from usecases.file_report import refuse_controls
from usecases.place_and_owner import Question, answer, by_hand, category_name, category_of, site_check
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

UNIT_FIELDS = ("lead", "proposed_unit", "checker")
MOST_TEXT = 5_000


class UnableToBuildCommand(BadRequest):
    """The fields do not make a command; ``errors`` names each."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        """Keep the errors by field."""
        super().__init__(ProblemCode.INVALID_BODY)
        self.errors = errors


def build(*, city: City, case_no: str, kind: str, fields: dict[str, Any]) -> Command:
    """Return the command. Raises BadRequest or UnableToBuildCommand."""
    if kind not in COMMANDS or kind == "join_report":
        known = ", ".join(sorted(set(COMMANDS) - {"join_report"}))
        raise UnableToBuildCommand(
            [{"pointer": "/kind", "code": "unknown_command", "detail": f"known: {known}"}]
        )
    _check_texts(fields)
    _check_units(city, fields)
    if kind == "file_case":
        return _file_case(city=city, case_no=case_no, fields=fields)
    command = _load(COMMANDS[kind], kind, fields)
    if isinstance(command, RequestReturn):
        return _with_districts(city=city, case_no=case_no, command=command)
    return command


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _load(cls: type[Command], kind: str, fields: dict[str, Any]) -> Command:
    known = {field.name for field in fields_of(cls)}
    strange = sorted(set(fields) - known)
    if strange:
        raise UnableToBuildCommand(
            [
                {"pointer": f"/{name}", "code": "extra_forbidden", "detail": f"{kind} has no such field"}
                for name in strange
            ]
        )
    try:
        command: Command = _adapter(_key(cls)).validate_python({**fields, "kind": kind})
    except ValidationError as error:
        raise UnableToBuildCommand(
            [
                {"pointer": "/" + "/".join(map(str, one["loc"])), "code": one["type"], "detail": one["msg"]}
                for one in error.errors()
            ]
        ) from error
    return command


def _key(cls: type[Command]) -> Any:
    return cls


def _check_texts(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, str):
            if len(value) > MOST_TEXT:
                raise BadRequest(
                    ProblemCode.TOO_LONG, field=name, length=str(len(value)), most=str(MOST_TEXT)
                )
            refuse_controls(field=name, text=value)


def _check_units(city: City, fields: dict[str, Any]) -> None:
    for name in UNIT_FIELDS:
        unit = fields.get(name)
        if isinstance(unit, str) and city.pack.tree.find(unit) is None:
            raise BadRequest(ProblemCode.UNKNOWN_UNIT, unit=unit[:60])


def _file_case(*, city: City, case_no: str, fields: dict[str, Any]) -> FileCase:
    """Build row 12 by hand: what the operator names, completed by location and routing.

    Takes ``category``, ``condition``, ``lon``, ``lat``, ``address``, ``area_code``,
    ``severity``, ``lead`` and ``reason``; a named ``lead`` overrides routing's.
    """
    view = case_view(city=city, case_no=case_no)
    code = fields.get("category") or view.category
    category = category_of(grounds=city.grounds, code=code)
    if category is None:
        raise BadRequest(ProblemCode.UNKNOWN_CATEGORY, category=str(code)[:50])
    reported = ReportedPlace(
        lon=fields.get("lon"),
        lat=fields.get("lat"),
        address=fields.get("address"),
        area_code=fields.get("area_code"),
    )
    asked = any(fields.get(name) is not None for name in ("lon", "lat", "address", "area_code"))
    if not asked:
        reported = _known_place(city, case_no)
    question = Question(
        reported=reported,
        channel=view.channel,
        category=code,
        condition=fields.get("condition"),
        severity=fields.get("severity"),
        at=view.received_at,
    )
    found = answer(grounds=city.grounds, question=question)
    decision = found.decision
    lead = fields.get("lead")
    if lead is not None:
        decision = by_hand(decision=decision, lead=lead, grounds=city.grounds)
    return FileCase(
        request_id=fields["request_id"],
        actor=fields["actor"],
        category=code,
        category_name=category_name(category),
        place=found.place,
        decision=decision,
        site_check=site_check(category),
        reason=fields.get("reason") or "",
        rules=found.rules,
    )


def _known_place(city: City, case_no: str) -> ReportedPlace:
    """Return the place as first reported, so that triage may change the category alone."""
    report = city.store.report(report_no=case_no)
    return report.reported if report is not None else ReportedPlace()


def _with_districts(*, city: City, case_no: str, command: RequestReturn) -> RequestReturn:
    """Note whether the proposed unit answers for another district (then the city rules)."""
    if command.proposed_unit is None:
        return command
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
