"""A real temperature stream with a system failure, folded reading by reading (Numenta NAB; CITYOPS_DATA)."""

import csv
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from domain.device import AlarmLimit, DeviceProfile, Trip
from domain.sensing import Sense, Sensed, Watch, observe

FILE = (
    Path(os.environ.get("CITYOPS_DATA", Path(__file__).parents[3] / "shared" / "data"))
    / "sensors"
    / "ambient_temperature_system_failure.csv"
)
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"NO SENSOR DATA at {FILE}: set CITYOPS_DATA")

HOT = AlarmLimit(severity=2, trip=Trip.ABOVE, value=81, reset=78, hold=timedelta(hours=2), condition="hot")
COLD = AlarmLimit(severity=3, trip=Trip.BELOW, value=59, reset=62, hold=timedelta(hours=2), condition="cold")
PROFILE = DeviceProfile(
    id="office-temperature",
    name_zh="室温",
    name_en="Ambient temperature",
    category="S-DEV-01",
    hazard="device",
    unit="Fahrenheit",
    limits=(HOT, COLD),
    lowest=-40,
    highest=150,
)


def readings() -> list[tuple[datetime, float]]:
    with FILE.open(encoding="utf-8") as lines:
        return [
            (datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC), float(row["value"]))
            for row in csv.DictReader(lines)
        ]


def folded() -> tuple[Watch, list[Sensed]]:
    watch = Watch()
    said: list[Sensed] = []
    for at, value in readings():
        watch, found = observe(profile=PROFILE, limits=PROFILE.limits, watch=watch, at=at, value=value)
        said += found
    return watch, said


def test_it_raises_at_the_known_failures_and_does_not_chatter() -> None:
    watch, said = folded()
    crossings = sum((a < 81) != (b < 81) or (a > 59) != (b > 59) for (_, a), (_, b) in pairwise(readings()))
    # The stream's own labels name 22 December (too hot, after a climb from the 21st) and 13 April (too
    # cold); 18 May is a cold Sunday that nobody labelled.
    assert [(one.at.date().isoformat(), one.condition) for one in said if one.sense is Sense.RAISED] == [
        ("2013-12-21", "hot"),
        ("2014-04-13", "cold"),
        ("2014-05-18", "cold"),
    ]
    assert [one.sense for one in said] == [Sense.RAISED, Sense.BACK_IN_BAND] * 3
    assert crossings == 28
    assert watch.severity is None
    assert watch.late == 0
