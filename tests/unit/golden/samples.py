"""One of everything that crosses a process or is kept, every field filled.

``python -m tests.unit.golden`` writes them beside this file. What was once written under
``v1/`` is never written again: it stands for the cases and queues of running cities.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from domain.beginning import Begin
from domain.case import CaseState, Fact, Notice, ReportRef
from domain.decision import Reason, RunnerUp, Shortfall
from domain.messages import (
    CancelCase,
    CloseCase,
    CloseKind,
    Command,
    FileCase,
    GrantReturn,
    JoinReport,
    MergeInto,
    Reassign,
    RecordCheck,
    RecordVisit,
    RefuseReturn,
    ReportUp,
    RequestCheck,
    RequestReturn,
    Rule,
    SendBack,
    SignIn,
    StartHandling,
    SubmitResult,
    TimePassed,
)
from domain.place import AreaRef, Crs, Level, PlaceFlag
from domain.policy import CheckRule, CityClock
from domain.views import Record, record_of
from tests.unit import builders
from tests.unit.builders import CITY, DISTRICT, MONDAY, POWER, REPORT, ROADS, TRIAGE, WATER
from tests.unit.golden import parts

OTHER = "20260914-0000-0002"
PLACE = replace(
    builders.ZONE_PLACE,
    alternates=(AreaRef(level=Level.GRID, code="c-d1-s1-c1-g2", name="二网格"),),
    flags=(PlaceFlag.NEAR_BORDER, PlaceFlag.SYNTHETIC_AREAS),
    source_crs=Crs.GCJ02,
    address="一街 5 号",
    notes=("轴序已更正",),
)
DECISION = builders.decision(
    co_handlers=(POWER,),
    copy_to=(DISTRICT,),
    reasons=(Reason(aspect="lead", rule="r-7", zh="供水管属水务", en="mains belong to the water company"),),
    runners_up=(RunnerUp(rule="r-9", lead=ROADS, why_zh="较不具体", why_en="less specific"),),
    shortfall=Shortfall.NO_RULE,
    confidence=0.75,
    milestones=(parts.MILESTONE,),
)
# A calendar with one day of each kind: a set has no order to write.
RULES = replace(
    builders.rules(2, check=CheckRule.ALWAYS),
    calendar=replace(
        builders.CALENDAR,
        holidays=frozenset({date(2026, 10, 1)}),
        workdays=frozenset({date(2026, 9, 20)}),
    ),
    clock=CityClock(origin=1.5, city_origin=2.5, speed=60.0),
    tags=builders.TAGS,
)
RULES = replace(RULES, severity=replace(RULES.severity, book=parts.BOOK))
COMMANDS: tuple[tuple[type[Command], dict[str, Any]], ...] = (
    (
        FileCase,
        {
            "category": "water.leak", "category_name": "供水管漏水", "place": PLACE, "decision": DECISION,
            "site_check": True, "reason": "现场确认", "rules": RULES, "asked": "sha256-0",
        },
    ),
    (MergeInto, {"master": OTHER, "reason": "同一处"}),
    (JoinReport, {"report_no": "R-2", "merged_case": OTHER, "wants_visit": False, "repeated": True}),
    (SignIn, {"assignee": "staff-7"}),
    (
        RequestReturn,
        {"reason": "不属我单位", "proposed_unit": POWER, "legal_basis": "第三条", "crosses_district": True},
    ),
    (GrantReturn, {"lead": POWER, "reason": "同意"}),
    (RefuseReturn, {"reason": "属于你单位"}),
    (Rule, {"lead": WATER, "reason": "裁定"}),
    (StartHandling, {"assignee": "staff-7", "contacted": True}),
    (SubmitResult, {"result": "已修复", "solved": False, "photos": ("sha256-1",), "contacted": True}),
    (SendBack, {"reason": "未完成"}),
    (RequestCheck, {"checker": "grid-1"}),
    (RecordCheck, {"passed": True, "note": "已核实", "photos": ("sha256-2",), "lon": 114.25, "lat": 30.5}),
    (CloseCase, {"close_kind": CloseKind.EXPLAINED, "reason": "依据不足"}),
    (
        RecordVisit,
        {
            "report_no": REPORT, "reached": True, "contacted": True, "solved": False, "grade": 2,
            "at_fault": False, "note": "态度不好",
        },
    ),
    (ReportUp, {"reason": "无吊车"}),
    (Reassign, {"lead": ROADS, "reason": "就近"}),
    (CancelCase, {"reason": "撤回"}),
)  # fmt: skip


def commands() -> dict[str, object]:
    """Return one of each command by its kind."""
    return {
        str(kind.__dataclass_fields__["kind"].default): kind(
            request_id="q-1", actor=builders.supervisor(CITY), **fields
        )
        for kind, fields in (*COMMANDS, *parts.COMMANDS, *parts.with_rules(RULES, DECISION, beginning()))
    }


def beginning() -> Begin:
    """Return a beginning with every field filled."""
    return builders.beginning(
        2, place=PLACE, decision=DECISION, rules=RULES, site_check=True, wants_visit=False, exercise=True,
        master=OTHER, proposals=(OTHER,), confirm_below=0.25, tags=("media",), parent="20260914-0000-0003",
        repeat_of="20260914-0000-0004", repeats=2, repeated="same caller", span=("c-d2",),
        floor=Level.DISTRICT, trigger="E7", epoch=3, seq=17,
        apart_from="20260914-0000-0005", alarm="AL-1", alarm_out=True,
    )  # fmt: skip


def state() -> CaseState:
    """Return the state of a case that has been through a lot, with every field filled."""
    case = builders.a_case(2, rules=RULES, place=PLACE, exercise=True).joined("R-2")
    case.wait(timedelta(minutes=20)).returning()
    return replace(
        case.state,
        epoch=2,
        channel="hotline",
        site_check=True,
        reports=(
            ReportRef(report_no=REPORT, visit="reached", tries=2, solved=False, grade=2),
            ReportRef(report_no="R-2", visit="no_answer", tries=3, came_from=OTHER),
        ),
        master=OTHER,
        proposals=(OTHER,),
        uncertain=True,
        co_handlers=(POWER,),
        supervisors=(DISTRICT, CITY),
        checker="grid-1",
        level=Level.DISTRICT,
        arbiter=DISTRICT,
        bound=True,
        contacted_at=MONDAY + timedelta(minutes=1),
        signed_in_at=MONDAY + timedelta(minutes=2),
        submitted_at=MONDAY + timedelta(hours=1, microseconds=1),
        closed_at=MONDAY + timedelta(hours=2),
        on_time=False,
        close_kind="partly",
        reworks=1,
        reopened=2,
        unsolved=3,
        unknown_year=True,
        **parts.aspects(),
    )


def fact() -> Fact:
    """Return a fact with every kind of value in it."""
    given = builders.a_case(2).returning().facts[-1]
    data: dict[str, str | int | float | bool | list[str] | None] = {
        "text": "中文", "whole": 3, "share": 0.5, "flag": True, "list": ["a", "b"], "nothing": None,
    }  # fmt: skip
    return replace(given, data=data)


def notice() -> Notice:
    """Return a notice with every field filled, though one has a unit or a report."""
    return Notice(
        seq=7,
        n=2,
        template="result",
        unit=TRIAGE,
        report_no=REPORT,
        context={"text": "中文", "whole": 3, "share": 0.5, "flag": False, "nothing": None},
    )


def record() -> Record:
    """Return what a step leaves to be written."""
    case = builders.a_case(2, rules=RULES, place=PLACE)
    return record_of(case.returning().fire())


def samples() -> dict[str, object]:
    """Return everything by the name of its file."""
    return commands() | {
        "time_passed": TimePassed(),
        "begin": beginning(),
        "case_state": state(),
        "fact": fact(),
        "notice": notice(),
        "record": record(),
    }
