"""The future of a case if nobody acts, told by the code that will bring it about."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case import Alarm, Status
from domain.place import Level
from domain.simulate import Close, future, whole_future
from tests.unit.builders import GRID, MONDAY, a_case, at, decision, limit

YEAR = timedelta(days=365)
AT_THE_GRID = decision(GRID, level=Level.GRID, limit=limit("15ND"))


def test_the_five_levels_are_predicted_to_the_second() -> None:
    case = a_case(1, start=at("2026-09-30 23:50"), decision=AT_THE_GRID)
    predicted = [
        (fact.at, fact.data["level"])
        for outcome in future(state=case.state, until=at("2026-10-01 01:30"))
        for fact in outcome.facts
        if fact.kind == "escalated"
    ]

    assert predicted == [
        (at("2026-10-01 00:12:30"), "COMMUNITY"),
        (at("2026-10-01 00:35"), "STREET"),
        (at("2026-10-01 00:57:30"), "DISTRICT"),
        (at("2026-10-01 01:20"), "CITY"),
    ]


@given(
    severity=st.integers(1, 4),
    minutes=st.integers(0, 60 * 24 * 30),
    lateness=st.lists(st.integers(0, 60), min_size=8, max_size=8),
)
@settings(max_examples=40)
def test_an_engine_at_most_a_minute_late_keeps_every_time_that_was_predicted(
    severity: int, minutes: int, lateness: list[int]
) -> None:
    case = a_case(severity, start=MONDAY + timedelta(minutes=minutes), decision=AT_THE_GRID)
    predicted = [
        (fact.kind, fact.due)
        for outcome in future(state=case.state, until=MONDAY + YEAR, most=len(lateness))
        for fact in outcome.facts
    ]
    start = len(case.facts)
    for seconds in lateness:
        case.now = max(case.now, case.state.deadlines[0].at + timedelta(seconds=seconds))
        case.fire()

    assert [(fact.kind, fact.due) for fact in case.facts[start:]][: len(predicted)] == predicted


def test_what_is_predicted_is_what_happens() -> None:
    case = a_case(2).handling()
    until = MONDAY + timedelta(days=3)
    predicted = list(future(state=case.state, until=until))
    before = len(case.facts)
    case.until(until)

    assert [fact for outcome in predicted for fact in outcome.facts] == case.facts[before:]
    assert predicted[-1].state == case.state


def test_looking_ahead_changes_nothing() -> None:
    case = a_case()
    before = case.state
    assert list(future(state=case.state, until=MONDAY + YEAR))
    assert case.state == before


def test_the_future_ends_with_the_archive() -> None:
    case = a_case().closed()
    outcomes = list(future(state=case.state, until=MONDAY + YEAR))

    assert [outcome.state.status for outcome in outcomes] == [Status.EVALUATED, Status.ARCHIVED]
    assert list(future(state=outcomes[-1].state, until=MONDAY + YEAR)) == []


def test_the_future_is_no_longer_than_asked_for() -> None:
    case = a_case(1)

    assert len(list(future(state=case.state, until=MONDAY + YEAR, most=7))) == 7
    assert list(future(state=case.state, until=MONDAY)) == []


def test_a_whole_future_that_nobody_stops_says_what_then_goes_on_for_ever() -> None:
    case = a_case(1, start=at("2026-09-30 23:50"), decision=AT_THE_GRID)
    found = whole_future(state=case.state)

    assert found.close is Close.REPEATS
    assert {(one.name, str(one.limit), one.every) for one in found.then} >= {
        (Alarm.SIGN_IN_REPEAT, "30MIN", timedelta(minutes=30))
    }
    assert {one.name for one in found.then} == {one.name for one in found.state.deadlines}
    assert [one.next_at for one in found.then] == [one.at for one in found.state.deadlines]


def test_reminders_on_working_days_are_named_by_their_limit_though_their_intervals_differ() -> None:
    found = whole_future(state=a_case(3, start=at("2026-09-30 16:00"), decision=AT_THE_GRID).state)

    assert found.close is Close.REPEATS
    assert {str(one.limit) for one in found.then} == {"1WD"}


@given(severity=st.integers(1, 4), minutes=st.integers(0, 60 * 24 * 30))
@settings(max_examples=25)
def test_a_whole_future_leaves_out_only_what_it_says_happens_again(severity: int, minutes: int) -> None:
    case = a_case(severity, start=MONDAY + timedelta(minutes=minutes), decision=AT_THE_GRID)
    found = whole_future(state=case.state)
    shown = [fact for line in found.lines for fact in line.outcome.facts]
    last = max(line.last or line.at for line in found.lines)
    played = [fact for outcome in future(state=case.state, until=last, most=20_000) for fact in outcome.facts]

    told = {(fact.kind, fact.data.get("trigger"), fact.data.get("level")) for fact in shown}
    assert {(fact.kind, fact.data.get("trigger"), fact.data.get("level")) for fact in played} == told
    assert [fact for fact in played if fact in shown] == shown
    assert sum(1 + line.more for line in found.lines) == sum(
        1 for _ in future(state=case.state, until=last, most=20_000)
    )


def test_a_whole_future_ends_with_the_archive_or_where_the_look_ends() -> None:
    case = a_case().closed()
    found = whole_future(state=case.state)
    assert (found.close, found.state.status, found.then) == (Close.ENDS, Status.ARCHIVED, ())
    assert whole_future(state=case.state, until=MONDAY).close is Close.LOOK_ENDS
    assert whole_future(state=found.state).lines == ()
