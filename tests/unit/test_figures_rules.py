"""What a figure comes to: rates of few cases are no percentages, silence is nothing, targets point a way."""

import pytest

from domain.figures import BY_ID, FIGURES, SMALL, Better, Counter, Counts, Unit, change_of, total, value_of


def counts(**given: int) -> Counts:
    return Counts(of={Counter(name): n for name, n in given.items()})


def test_on_time_closing_is_divided_by_what_was_due() -> None:
    """Tianmen, December 2016: 972 due, 911 closed, 737 of them on time: 93.72 % and 75.82 %."""
    month = counts(due=972, closed=911, closed_on_time=737)
    on_time = value_of(figure=BY_ID["on_time"], counts=month)
    closure = value_of(figure=BY_ID["closure"], counts=month)
    assert (on_time.above, on_time.below) == (737, 972)
    assert on_time.share == pytest.approx(0.7582, abs=5e-5)
    assert closure.share == pytest.approx(0.9372, abs=5e-5)
    assert on_time.meets is False


def test_a_rate_of_few_cases_has_no_number_to_sort_or_judge_by() -> None:
    few = value_of(figure=BY_ID["solved"], counts=counts(asked=SMALL - 1, solved=SMALL - 1))
    enough = value_of(figure=BY_ID["solved"], counts=counts(asked=SMALL, solved=SMALL))
    assert (few.small, few.number, few.meets) == (True, None, None)
    assert (enough.small, enough.number, enough.meets) == (False, 1.0, True)


def test_nobody_asked_is_neither_good_nor_bad() -> None:
    value = value_of(figure=BY_ID["satisfied"], counts=counts())
    assert (value.share, value.number, value.meets) == (None, None, None)


def test_fewer_overdue_is_better() -> None:
    assert value_of(figure=BY_ID["overdue"], counts=counts(overdue=1)).meets is False
    assert value_of(figure=BY_ID["overdue"], counts=counts()).meets is True


def test_a_change_is_known_only_where_both_are() -> None:
    now = value_of(figure=BY_ID["overdue"], counts=counts(overdue=3))
    before = value_of(figure=BY_ID["overdue"], counts=counts(overdue=5))
    few = value_of(figure=BY_ID["solved"], counts=counts(asked=3, solved=3))
    assert change_of(now=now, before=before) == -2
    assert change_of(now=now, before=None) is None
    assert change_of(now=few, before=few) is None


def test_counts_add_up() -> None:
    assert dict(total([counts(due=1, closed=1), counts(due=2)]).of) == {Counter.DUE: 3, Counter.CLOSED: 1}


def test_every_figure_says_in_both_languages_what_it_is() -> None:
    assert len(BY_ID) == len(FIGURES)
    for one in FIGURES:
        assert all((one.zh, one.en, one.formula_zh, one.formula_en, one.cohort_zh, one.cohort_en))
        assert (one.below is None) == (one.unit is Unit.CASES)
        assert one.below is None or one.better is Better.HIGHER
