"""Figures of a few seconds: one at a time for each question, old ones meanwhile, nobody waits long."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from usecases.fresh import Fresh, StillWorking


class Watch:
    """Real seconds, moved by the test."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def fresh(watch: Watch) -> Iterator[Fresh]:
    found = Fresh(clock=watch)
    yield found
    found.close()


def asked(fresh: Fresh, work: Callable[[], Any], wait_s: float = 30.0) -> Any:
    return fresh.ask("question", work, fresh_s=1.0, useless_s=60.0, wait_s=wait_s)


def until(fresh: Fresh, work: Callable[[], Any], wanted: Any) -> None:
    """Ask until the answer is the wanted one: it comes from a thread."""
    for _ in range(10_000):
        if asked(fresh, work) == wanted:
            return
        threading.Event().wait(0.001)
    raise AssertionError(f"never {wanted}")


def test_a_young_answer_is_not_worked_out_again(fresh: Fresh, watch: Watch) -> None:
    assert asked(fresh, lambda: "first") == "first"
    watch.at += 0.9
    assert asked(fresh, lambda: "second") == "first"


def test_an_old_answer_is_given_while_a_new_one_is_worked_out(fresh: Fresh, watch: Watch) -> None:
    assert asked(fresh, lambda: "first") == "first"
    watch.at += 5
    assert asked(fresh, lambda: "second", wait_s=0) == "first"
    until(fresh, lambda: "third", "second")


def test_a_useless_answer_is_not_given(fresh: Fresh, watch: Watch) -> None:
    assert asked(fresh, lambda: "first") == "first"
    watch.at += 61
    assert asked(fresh, lambda: "second") == "second"


def test_whoever_asks_first_is_told_to_come_back_and_it_is_worked_out_once(fresh: Fresh) -> None:
    gate, begun = threading.Event(), []

    def slow() -> str:
        begun.append(1)
        gate.wait(30)
        return "done"

    for _ in range(5):
        with pytest.raises(StillWorking):
            asked(fresh, slow, wait_s=0.0)
    gate.set()
    assert asked(fresh, slow) == "done"
    assert len(begun) == 1


def test_what_fails_says_so_and_is_tried_again(fresh: Fresh) -> None:
    def fails() -> str:
        raise LookupError("the store is away")

    with pytest.raises(LookupError):
        asked(fresh, fails)
    assert asked(fresh, lambda: "back") == "back"


def test_a_failure_keeps_the_last_answer_until_it_is_useless(fresh: Fresh, watch: Watch) -> None:
    def fails() -> str:
        raise LookupError("the store is away")

    assert asked(fresh, lambda: "first") == "first"
    watch.at += 5
    assert asked(fresh, fails) == "first"
    watch.at += 80
    with pytest.raises(LookupError):
        asked(fresh, fails)


def test_what_costs_much_is_asked_for_less_often(fresh: Fresh, watch: Watch) -> None:
    def costly() -> str:
        watch.at += 10
        return "costly"

    assert asked(fresh, costly) == "costly"
    watch.at += 20
    assert asked(fresh, lambda: "new") == "costly"
    watch.at += 15
    until(fresh, lambda: "new", "new")
