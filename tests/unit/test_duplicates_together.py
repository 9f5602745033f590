"""Reports decided in one go: two about the same event do not pass each other by."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.case import CaseState
from domain.pack import MergeSettings
from domain.place import metres_between
from tests.unit.builders import a_case
from usecases.duplicates import in_each_others_way

MERGING = MergeSettings(auto_m=10, propose_m=50, hours=48)
HERE = (114.3, 30.6)
NEXT_DOOR = (114.3002, 30.6)
ACROSS_TOWN = (114.4, 30.6)


def case_at(
    number: int, point: tuple[float, float], *, category: str = "E0110", exercise: bool = False
) -> CaseState:
    """Return the state of a fresh case at a point."""
    state = a_case().state
    place = replace(state.place, lon=point[0], lat=point[1])
    return replace(state, case_no=f"case-{number}", place=place, category=category, exercise=exercise)


def test_the_second_of_two_neighbours_waits() -> None:
    states = [case_at(1, HERE), case_at(2, NEXT_DOOR), case_at(3, ACROSS_TOWN)]
    assert in_each_others_way(settings=MERGING, states=states) == {"case-2"}


def test_another_category_an_exercise_or_merging_switched_off_waits_for_nobody() -> None:
    states = [case_at(1, HERE), case_at(2, HERE, category="E0112"), case_at(3, HERE, exercise=True)]
    assert in_each_others_way(settings=MERGING, states=states) == set()
    assert in_each_others_way(settings=MergeSettings(), states=[case_at(1, HERE), case_at(2, HERE)]) == set()


@given(st.lists(st.floats(114.29, 114.31), min_size=1, max_size=12))
def test_the_first_never_waits_and_those_who_go_on_are_apart(lons: list[float]) -> None:
    states = [case_at(number, (lon, 30.6)) for number, lon in enumerate(lons)]
    waiting = in_each_others_way(settings=MERGING, states=states)
    going = [state.place.lon for state in states if state.case_no not in waiting]
    assert states[0].case_no not in waiting
    for place, lon in enumerate(going):
        for other in going[place + 1 :]:
            assert lon is not None
            assert other is not None
            assert metres_between(lon=lon, lat=30.6, other_lon=other, other_lat=30.6) > MERGING.propose_m
