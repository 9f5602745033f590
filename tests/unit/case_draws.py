"""What the random lives are drawn from: beginnings of every kind, and fields for every command."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.aspects import TaskKind
from domain.beginning import Begin
from domain.case import CaseState, Status
from domain.messages import COMMANDS, CloseKind
from domain.messages_command import AppealAbout, EventReport, UpperDecision
from domain.messages_triage import Finding, Missing, RefusedFor
from domain.place import Level
from domain.policy import CaseRules, CheckRule, Rung
from domain.unit import DutyHours
from tests.unit import builders

UNITS = (
    builders.GRID, builders.COMMUNITY, builders.STREET, builders.DISTRICT, builders.CITY, builders.ZONE,
    builders.WATER, builders.POWER, builders.ROADS, builders.TRIAGE,
)  # fmt: skip
PEERS = ("PEER-110", "PEER-119")
CHILDREN = ("20260914-0000-0011", "20260914-0000-0012")
TEXTS = st.sampled_from(["because", "not done", "", "  "])
FLAGS = (
    "repeated", "passed", "reached", "wants_visit", "site_check", "at_fault", "crosses_district", "contacted", "solved",
    "granted", "accepted", "mandatory", "above_owner",
)  # fmt: skip
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(FLAGS, st.booleans()),
    **dict.fromkeys(("reason", "note", "legal_basis", "text", "question", "answer", "told", "reply"), TEXTS),
    **dict.fromkeys(("orders", "plan", "interim_measure", "reference"), TEXTS),
    "means": st.sampled_from(["phone", "visit"]),
    "asked": st.just(""),
    **dict.fromkeys(("supplement_id", "urge_id", "source"), st.sampled_from(["", "x-1"])),
    "attachments": st.integers(0, 3),
    "assignee": st.sampled_from(["", "zhang"]),
    "result": st.sampled_from(["repaired", "cleared"]),
    "category": st.just("water.leak"),
    "category_name": st.just("供水管漏水"),
    "master": st.sampled_from(["20260914-0000-0002", "20260914-0000-0001"]),
    "parent": st.sampled_from(["20260914-0000-0003", "20260914-0000-0001"]),
    "merged_case": st.just("20260914-0000-0009"),
    "report_no": st.sampled_from(["R-1", "R-2", "R-3", "R-4"]),
    "lead": st.sampled_from(UNITS),
    "unit": st.sampled_from(UNITS),
    "to": st.sampled_from(PEERS),
    "service": st.sampled_from(PEERS),
    "proposed_unit": st.none() | st.sampled_from(UNITS),
    "checker": st.none() | st.sampled_from(UNITS),
    "verifier": st.none() | st.sampled_from(UNITS),
    "photos": st.sampled_from([(), ("sha256-1", "sha256-2")]),
    "evidence": st.sampled_from([(), ("sha256-3",)]),
    "lon": st.none() | st.sampled_from([114.3, 114.31]),
    "lat": st.none() | st.sampled_from([30.6, 30.61]),
    "grade": st.none() | st.integers(1, 5),
    "warning": st.none() | st.integers(1, 4),
    "response": st.none() | st.integers(0, 4),
    "dead": st.sampled_from([0, 0, 3, 30]),
    "injured": st.sampled_from([0, 0, 10]),
    "severity": st.integers(1, 4),
    "level": st.sampled_from(Level),
    "to_level": st.sampled_from(Level),
    "close_kind": st.sampled_from(CloseKind),
    "refused_for": st.sampled_from(RefusedFor),
    "missing": st.sampled_from(Missing),
    "finding": st.sampled_from(Finding),
    "task_kind": st.sampled_from(TaskKind),
    "about": st.sampled_from(AppealAbout),
    "report": st.sampled_from(EventReport),
    "task": st.sampled_from(["T1", "T2", "T9"]),
    "supervision": st.sampled_from(["S1", "S2", "S9"]),
    "milestone": st.sampled_from(["stop", "fine", "unknown"]),
    "child": st.sampled_from(CHILDREN),
    "children": st.sampled_from([(), CHILDREN[:1], CHILDREN]),
    "areas": st.sampled_from([("c-d1-s2",), ("c-d2",), ("c-d1-s1", "c-d2-s1")]),
    "districts": st.sampled_from([(), ("c-d1",), ("c-d1", "c-d2")]),
    "streets": st.sampled_from([(), ("c-d1-s2",), ("c-d1-s2", "c-d2-s1")]),
    "owner": st.sampled_from(UNITS),
    "status": st.sampled_from([one.value for one in Status]),
    "epoch": st.just(1),
    "levels": st.integers(0, 5),
    "ancestors": st.sampled_from([(), ("20260914-0000-0001",)]),
    "raised": st.booleans(),
    "overdue": st.booleans(),
    "seq": st.integers(1, 9),
    "district": st.sampled_from([None, "c-d1", "c-d2"]),
    "street": st.sampled_from([None, "c-d1-s1", "c-d2-s1"]),
    "alarm_no": st.sampled_from(["AL-1", "AL-2"]),
    "phase": st.sampled_from(["assessing", "warning", "released"]),
    "current_in_band": st.booleans(),
    "place": st.sampled_from([builders.PLACE, builders.ZONE_PLACE]),
}
"""By the field's name, whatever command it is of; what depends on the case comes from ``fields_of``."""


def fields_of(kind: str, *, state: CaseState, now: datetime) -> dict[str, st.SearchStrategy[Any]]:
    """Return a strategy for every field of a kind of command, for a case as it stands."""
    soon = st.sampled_from([timedelta(hours=-1), timedelta(hours=1), timedelta(days=20), timedelta(days=500)])
    new_rules = rules_of(st.integers(1, 4))
    here: dict[str, st.SearchStrategy[Any]] = FIELDS | {
        "decision": decisions(state.severity),
        "rules": new_rules if kind == "apply_policy" else st.none() | new_rules,
        "due": st.none() | soon.map(lambda one: now + one),
        "until": soon.map(lambda one: now + one),
        "begin": beginnings().map(
            lambda begin: replace(begin, case_no=f"20260914-0001-{state.seq:04d}", master=None)
        ),
    }
    special: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "decide_report_up": {"decision": st.sampled_from(UpperDecision), "lead": st.none() | here["lead"]},
        "open_supervision": {"unit": st.none() | here["unit"]},
        "declare_emergency": {"grade": st.none() | st.integers(0, 4)},
        "child_changed": {"mandatory": st.none() | st.booleans()},
        "regrade": {"rules": st.none()},
        "alarm_changed": {
            "reason": st.sampled_from(["worse", "in_band", "children"]),
            "children": st.integers(0, 9),
        },
    }
    if kind == "regrade":
        special["regrade"]["rules"] = st.none() | rules_of(st.integers(1, 4))
    names = set(COMMANDS[kind].__dataclass_fields__) - {"request_id", "actor", "kind"}
    return {name: (here | special.get(kind, {}))[name] for name in names}


def decisions(severity: int) -> st.SearchStrategy[Any]:
    """Return routing's answers: certain, uncertain and none at all."""
    limits = ["2UH", "24UH", "30MIN"] if severity <= 2 else ["4WH", "2WD", "5WD", "15ND", "24UH"]
    stages = (milestone("stop", "4WH"), milestone("fine", "7WD"))
    return st.builds(
        builders.decision,
        st.sampled_from(
            (builders.WATER, builders.STREET, builders.GRID, builders.DISTRICT, builders.WATER, None)
        ),
        level=st.sampled_from(Level),
        limit=st.none() | st.sampled_from(limits).map(builders.limit),
        confidence=st.sampled_from([1.0, 1.0, 1.0, 0.4]),
        co_handlers=st.sampled_from([(), (builders.POWER,), (builders.POWER, builders.GRID)]),
        copy_to=st.sampled_from([(), (builders.DISTRICT,)]),
        severity=st.just(severity),
        milestones=st.sampled_from([(), (), stages]),
    )


def milestone(code: str, limit: str) -> Any:
    """Return a stage of a case."""
    from domain.catalogue import Milestone

    return Milestone(code=code, name_zh=code, name_en=code, limit=builders.limit(limit))


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Rung, ...]:
    """Return a ladder, of a district or a zone, with holes and with rungs off duty."""
    whole = draw(st.sampled_from([builders.LADDER, builders.LADDER, builders.ZONE_LADDER]))
    hours = [DutyHours.ALWAYS, DutyHours.ALWAYS, DutyHours.WORK, DutyHours.ROTA, DutyHours.NONE]
    duty = st.sampled_from(hours)
    windows = ((480, 1200), (1920, 2640))
    rungs = [replace(rung, duty=draw(duty), windows=windows) for rung in whole]
    holes = draw(st.sets(st.sampled_from(Level), max_size=3))
    emptied = [replace(rung, unit=None) if rung.level in holes else rung for rung in rungs]
    missing = draw(st.sets(st.sampled_from(Level), max_size=1))
    return tuple(rung for rung in emptied if rung.level not in missing)


@st.composite
def rules_of(draw: st.DrawFn, severities: st.SearchStrategy[int]) -> CaseRules:
    """Return rules of a severity, with the whole rulebook or from before there was one."""
    severity = draw(severities)
    book = None
    if draw(st.sampled_from([True, True, True, False])):
        share = draw(st.sampled_from([0.0, 1.0]))
        book = builders.rulebook(severity, answered_visit_share=share)
    found = builders.rules(
        severity,
        ladder=draw(ladders()),
        floor=draw(st.sampled_from([Level.GRID, Level.GRID, Level.DISTRICT, Level.CITY])),
        check=draw(st.sampled_from(CheckRule)),
        book=book,
        tags=builders.TAGS,
    )
    return replace(found, version=draw(st.sampled_from(["test-1", "test-2", "test-3"])))


@st.composite
def beginnings(draw: st.DrawFn) -> Begin:
    """Return the beginning of a case of any kind, at any hour."""
    severity = draw(st.integers(1, 4))
    minutes = draw(st.integers(0, 40 * 24 * 60))
    return builders.beginning(
        severity,
        start=builders.at("2026-09-10 00:00") + timedelta(minutes=minutes),
        decision=draw(decisions(severity)),
        rules=draw(rules_of(st.just(severity))),
        triage_unit=draw(st.sampled_from([builders.TRIAGE, builders.CITY])),
        site_check=draw(st.booleans()),
        wants_visit=draw(st.sampled_from([True, True, False])),
        exercise=draw(st.sampled_from([False, False, True])),
        master=draw(st.sampled_from([None] * 30 + ["20260914-0000-0002"])),
        proposals=draw(st.sampled_from([(), (), ("20260914-0000-0002",)])),
        tags=draw(st.sampled_from([(), (), (), ("media",), ("illegal_act", "leader_instruction")])),
        parent=draw(st.sampled_from([None, None, "20260914-0000-0003"])),
        repeat_of=draw(st.sampled_from([None, None, "20260914-0000-0004"])),
        span=draw(st.sampled_from([(), (), ("c-d1-s2",), ("c-d2",)])),
    )
