"""A rung that is there by its rota: told in its hours, passed over with the reason outside them."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.place import Level
from domain.policy import Rung
from domain.unit import DutyHours
from routing import build_book, ladder
from store.pack import load
from tests.unit.builders import CITY, DISTRICT, LADDER, Played, a_case, at, beginning, rules
from tests.unit.small_pack import UNITS, write
from usecases.check_pack import place_in

WEEK_DAYS = tuple(((day * 24 + 8) * 60, (day * 24 + 20) * 60) for day in range(5))
"""Monday to Friday, eight to eight."""
MONDAY_MORNING = at("2026-09-14 09:00")
SUNDAY_NIGHT = at("2026-09-13 02:00")


def by_rota(*windows: tuple[int, int]) -> tuple[Rung, ...]:
    """Return the ladder with the district there in these windows only."""
    return tuple(
        replace(rung, duty=DutyHours.ROTA, windows=windows) if rung.level is Level.DISTRICT else rung
        for rung in LADDER
    )


def left_alone(*windows: tuple[int, int], start: datetime, severity: int = 2) -> Played:
    """Return a case nobody signed for until it went up once."""
    case = a_case(severity, start=start, rules=rules(severity, ladder=by_rota(*windows)))
    while not case.of_kind("escalated"):
        case.next()
    return case


@pytest.mark.parametrize(
    ("windows", "start", "told"),
    [
        (WEEK_DAYS, MONDAY_MORNING, DISTRICT),
        (WEEK_DAYS, SUNDAY_NIGHT, CITY),
        ((), MONDAY_MORNING, CITY),
        (((0, 7 * 24 * 60),), SUNDAY_NIGHT, DISTRICT),
    ],
)
def test_an_urgent_case_goes_past_a_district_whose_rota_has_nobody_now(
    windows: tuple[tuple[int, int], ...], start: datetime, told: str
) -> None:
    case = left_alone(*windows, start=start)
    assert case.of_kind("escalated")[0].data["supervisor"] == told
    reasons = [fact.data["reason"] for fact in case.of_kind("level_skipped")]
    assert reasons == ([] if told == DISTRICT else ["nobody on duty by the rota"])


def test_a_normal_case_waits_for_the_district_to_come_to_work() -> None:
    case = left_alone(*WEEK_DAYS, start=SUNDAY_NIGHT, severity=3)
    assert case.of_kind("escalated")[0].data["supervisor"] == DISTRICT


def test_hours_of_a_rota_are_pinned_to_the_rung(tmp_path: Path) -> None:
    units = UNITS.replace('parent = "1-C"\nduty = "always"', 'parent = "1-C"\nduty = "rota"')
    hours = (
        '[[rota]]\nunit = "11-C"\n\n[[rota.shift]]\ndays = [1, 7]\nhours = "20:00-08:00"\npeople = ["sun"]\n'
    )
    pack = load(folder=write(tmp_path, **{"units.toml": units, "rota.toml": hours}))
    area = pack.areas.get("11111")
    assert area is not None
    place = place_in(area=area, pack=pack)
    rungs = {rung.level: rung for rung in ladder(place=place, category="E1", book=build_book(pack))}
    assert rungs[Level.DISTRICT].duty is DutyHours.ROTA
    assert rungs[Level.DISTRICT].windows == ((0, 480), (1200, 1440 + 480), (6 * 1440 + 1200, 7 * 1440))
    assert rungs[Level.CITY].windows == ()


def test_a_case_that_begins_is_the_same_with_a_rota_round_the_clock() -> None:
    always = Played(beginning(2, rules=rules(2)))
    rota = Played(beginning(2, rules=rules(2, ladder=by_rota((0, 7 * 24 * 60)))))
    for case in (always, rota):
        case.until(MONDAY_MORNING + timedelta(days=3))
    assert [fact.data for fact in always.facts if fact.kind != "filed"] == [
        fact.data for fact in rota.facts if fact.kind != "filed"
    ]
