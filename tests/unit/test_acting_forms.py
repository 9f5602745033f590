"""Every act people send has a form that can be filled in, and every fact has a sentence in both languages."""

import ast
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.actor import Actor, Role
from domain.case import Fact, Status
from domain.messages import COMMAND_ZH, COMMANDS
from store.pack import load
from usecases.case_bulk import BULK
from usecases.command import ASKED, ENGINE_FIELDS, FileByHand, _load, kinds
from usecases.command_levels import with_levels
from web.acting.facts import DETAILS, SENTENCES, TRIGGERS, told
from web.acting.fields import Asked, Shape, asked_of
from web.acting.values import UnableToReadForm, fields_from
from web.acting.words import CHOICES, CONSEQUENCES, FIELDS, LEGAL, act_name
from web.shown import Shown
from web.words import words

ROOT = Path(__file__).resolve().parents[2]
WUHAN = ZoneInfo("Asia/Shanghai")
DYNAMIC = {"burst", "span_marked"}
"""Kinds that ``domain.span.enter_wide`` chooses between."""


def _recorded() -> set[str]:
    """Return the kinds of facts the case's own modules write: the first argument of every ``record``."""
    found: set[str] = set()
    for path in sorted((ROOT / "domain").glob("*.py")):
        if path.name.startswith("alarm_") or path.name == "alarm.py":
            continue  # an alarm's own facts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "record"
            ):
                constants = ast.walk(node.args[0]) if node.args else ()
                found |= {
                    one.value
                    for one in constants
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


def test_every_kind_of_fact_has_a_sentence_and_none_is_left_over() -> None:
    recorded = _recorded() | DYNAMIC | {status.value for status in Status}
    assert len(recorded) > 90
    assert set(SENTENCES) >= recorded
    assert set(SENTENCES) - recorded == set()


@pytest.mark.parametrize("table", [SENTENCES, DETAILS, TRIGGERS, FIELDS, CHOICES, CONSEQUENCES])
def test_every_word_is_chinese_in_the_chinese_catalogue(table: dict[str, str]) -> None:
    chinese = words("zh")
    for message in table.values():
        assert any("\u4e00" <= char <= "\u9fff" for char in chinese.gettext(message)), message


@pytest.fixture(scope="module")
def city() -> Any:
    """Return what words are made of: the pack; nothing here reads a store."""
    return SimpleNamespace(pack=load(folder=ROOT / "cities" / "wuhan"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_a_fact_is_told_whatever_it_holds(city: Any, kind: str, language: str) -> None:
    shown = Shown(city=city, language=language)
    actor = Actor(id="wang", role=Role.HANDLER, unit="street-1")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    full: dict[str, Any] = {
        "owner": "4201-COMMAND", "level": "CITY", "severity": 2, "trigger": "E4", "reason": "理由", "photos": ["a"],
        "solved": False,
    }  # fmt: skip
    for data in ({}, full):
        fact = Fact(
            seq=1,
            at=at,
            kind=kind,
            row=1,
            source=Status.FILED,
            target=Status.DISPATCHED,
            actor=actor,
            due=None,
            data=data,
        )
        said = told(fact, shown=shown)
        assert said.sentence
        assert "%(" not in said.sentence
        assert said.moved
        assert ("理由" in dict(said.details).values()) == bool(data)


@pytest.mark.parametrize("kind", kinds())
def test_every_field_of_an_act_has_a_label_and_a_shape(kind: str) -> None:
    asked = asked_of(kind)
    assert {one.name for one in asked} <= set(FIELDS)
    assert COMMAND_ZH[kind] == act_name(kind, chinese=True)
    for one in asked:
        if one.shape is Shape.CHOICE and isinstance(one.kind, type) and hasattr(one.kind, "__members__"):
            assert one.name in ("level", "to_level") or set(one.kind.__members__.values()) <= set(CHOICES), (
                one
            )


@pytest.mark.parametrize("kind", kinds())
def test_a_form_filled_in_is_a_command(kind: str) -> None:
    """What the form gives is what the command takes, of the right types, nothing missing."""
    values = {one.name: [_sample(one)] for one in asked_of(kind)}
    fields = fields_from(kind=kind, values=values, zone=WUHAN)
    cls = ASKED[kind][0] if kind in ASKED else COMMANDS[kind]
    own = {} if kind in ASKED else {"request_id": "r", "actor": Actor(id="a", role=Role.ENGINE)}
    made = _load(cls, kind, with_levels(fields), **own)
    for one in asked_of(kind):
        assert getattr(made, one.name) not in (None, ""), one.name


def _sample(asked: Asked) -> str:
    if asked.kind is bool:
        return "yes"
    if asked.kind is datetime:
        return "2026-12-01T10:30"
    if asked.kind is int:
        return "2"
    if hasattr(asked.kind, "__members__"):
        member = next(iter(asked.kind))
        return member.name.lower() if asked.name in ("level", "to_level") else str(member.value)
    return "x"


def test_what_is_missing_or_not_chosen_is_said_at_its_field() -> None:
    with pytest.raises(UnableToReadForm) as refused:
        fields_from(kind="reassign", values={"lead_text": ["江堤"]}, zone=WUHAN)
    assert set(refused.value.errors) == {"lead", "reason"}
    assert refused.value.errors["lead"] != refused.value.errors["reason"]
    with pytest.raises(UnableToReadForm) as refused:
        fields_from(kind="suspend", values={"until": ["tomorrow"]}, zone=WUHAN)
    assert "until" in refused.value.errors


def test_times_are_the_citys_and_boxes_that_are_not_ticked_are_no() -> None:
    fields = fields_from(
        kind="submit_result", values={"result": ["ok"], "solved": [], "contacted": ["yes"]}, zone=WUHAN
    )
    assert (fields["solved"], fields["contacted"]) == (False, True)
    until = fields_from(
        kind="suspend",
        values={name: ["x"] for name in ("reason", "plan", "interim_measure")}
        | {"until": ["2026-12-01T10:30"]},
        zone=WUHAN,
    )["until"]
    assert until == "2026-12-01T10:30:00+08:00"
    visit = fields_from(kind="record_visit", values={"report_no": ["r"], "reached": ["no"]}, zone=WUHAN)
    assert visit["reached"] is False
    assert "solved" not in visit


def test_engine_fields_are_never_asked_for() -> None:
    names = {one.name for kind in kinds() for one in asked_of(kind)}
    assert not names & ENGINE_FIELDS
    assert {"lon", "lat", "area_code"} & set(FileByHand.__slots__)
    assert set(kinds()) >= BULK | LEGAL | set(CONSEQUENCES)
