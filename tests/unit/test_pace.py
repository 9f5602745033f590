"""Failed sign-ins of one address: so many, then none, whoever's they are."""

from contextlib import ExitStack

import pytest

from usecases.pace import MOST, Pace
from usecases.problems import BadRequest


def test_an_address_has_its_failures_and_another_one_its_own() -> None:
    pace = Pace()
    for _ in range(MOST):
        pace.look(address="192.0.2.1")
        pace.failed(address="192.0.2.1")
    with pytest.raises(BadRequest) as refused:
        pace.look(address="192.0.2.1")
    assert refused.value.finding.code == "too_many_tries"
    assert 1 <= int(refused.value.finding.params["minutes"]) <= 10
    pace.look(address="192.0.2.2")


def test_tries_at_once_are_no_more_than_may_fail() -> None:
    pace = Pace()
    with ExitStack() as going:
        for _ in range(MOST):
            going.enter_context(pace.trying(address="192.0.2.1"))
        with pytest.raises(BadRequest), pace.trying(address="192.0.2.1"):
            pass
        with pace.trying(address="192.0.2.2"):
            pass
    # None of them failed, so that all of them may try again.
    with pace.trying(address="192.0.2.1"):
        pass
