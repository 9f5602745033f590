"""Documents that name things of the code name all of them, as the code does."""

import re

import pytest

from domain.actor import Role
from domain.case import STATUS_ZH, Status, Trigger
from domain.limit import LimitUnit
from domain.messages import CloseKind
from domain.place import Crs, Level
from tests.architecture.checkout import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


@pytest.mark.parametrize("status", Status)
def test_the_glossary_gives_a_state_the_name_people_see(status: Status) -> None:
    assert f"| `{status.name}` | {STATUS_ZH[status]} |" in GLOSSARY


def test_the_glossary_has_every_level_role_unit_trigger_and_way_to_close() -> None:
    named = set(re.findall(r"`(\w+)`", GLOSSARY))
    values = {trigger.value for trigger in Trigger}
    names = {member.name for kind in (Role, Level, LimitUnit, Crs, CloseKind) for member in kind}
    assert (values | names) - named == set()


def test_decisions_are_numbered_without_a_repeat_and_fit_a_screen() -> None:
    numbers = [decision.name[:4] for decision in DECISIONS]
    assert numbers == sorted(set(numbers))
    for decision in DECISIONS:
        lines = decision.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"# {decision.name[:4]} ")
        assert len(lines) <= 60, f"{decision.name} does not fit a screen"
        assert {"## Context", "## Decision", "## Consequences"} <= set(lines)
