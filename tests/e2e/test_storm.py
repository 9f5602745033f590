"""A storm of alerts on a running stack: every alert stored, the right number of cases, none twice.

A twentieth of the whole storm (`make storm`), on a city's clock that runs ten times as fast, so that the
pack's waits of a minute or two pass in seconds.
"""

from pathlib import Path

import pytest

from boot.wiring import grounds_of
from tests.bench.storm import register, show, storm, verdict
from tests.bench.storm_plan import plan
from tests.servers import WEDNESDAY_MORNING, faults, place_of, running

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

SPEED = 10.0


async def test_a_storm_makes_as_many_cases_as_it_must(tmp_path: Path) -> None:
    place = place_of(data=tmp_path / "stack", atlas=tmp_path / "atlas", speed=SPEED)
    made = plan(grounds=grounds_of(place.settings), scale=0.05, seconds=15.0)
    register(settings=place.settings, made=made, at=WEDNESDAY_MORNING)
    async with running(place=place) as stack:
        result = await storm(stack=stack, file=place.data / "cityops.db", made=made, speed=SPEED)
    show(made, result)
    assert verdict(made, result) == []
    assert result.children >= made.expected["E0506"] * 8
    assert faults(place.data) == []
