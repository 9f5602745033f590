"""Every row of the table, trigger, command and deadline has a functional test that names it.

Read from the source, so that a row added to the table without one fails here. That a marked
test does read a fact of its rows is checked when it runs (tests/functional/conftest.py).
"""

import ast
from collections.abc import Iterator

from domain.actor import Role
from domain.case import Alarm
from domain.messages import COMMANDS
from domain.transitions import TRANSITIONS, UNMOVED
from tests.architecture.checkout import ROOT
from tests.functional.shown import named, parts, triggers

FUNCTIONAL = ROOT / "tests" / "functional"


def calls() -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield every call of a method in the functional tests: its name and its literal arguments."""
    for path in sorted(FUNCTIONAL.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node.func.attr, tuple(arg.value for arg in node.args if isinstance(arg, ast.Constant))


def literals(method: str) -> set[object]:
    return {argument for name, arguments in calls() if name == method for argument in arguments}


def sent_by_people() -> set[str]:
    """Return the kinds of command that somebody other than the engine may send."""
    roles = [(one.message, one.roles) for one in TRANSITIONS]
    roles += [(kind, allowed) for kind, (_, allowed) in UNMOVED.items()]
    return {kind for kind, allowed in roles if kind in COMMANDS and set(allowed) - {Role.ENGINE}}


def test_every_row_has_a_functional_test() -> None:
    missing = set(parts()) - named(*literals("rows"))
    assert {name: parts()[name].en for name in missing} == {}


def test_every_trigger_has_a_functional_test() -> None:
    assert set(triggers()) - named(*literals("triggers")) == set()


def test_every_command_people_send_is_carried_out_in_a_functional_test() -> None:
    assert sent_by_people() - literals("act") == set()


def test_every_deadline_is_let_pass_in_a_functional_test() -> None:
    assert {alarm.value for alarm in Alarm} - literals("leap_to_due") == set()
