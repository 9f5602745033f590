"""What ``cityops whatif --csv`` writes is text to whoever opens it, never a formula."""

from datetime import timedelta

import pytest

from boot.whatif_text import rows_of
from domain.whatif import replay
from domain.whatif_figures import Compared
from tests.unit.builders import MONDAY, beginning

LIFE = replay(start=beginning(), sent=(), until=MONDAY + timedelta(hours=1))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    found = Compared(
        case_no="20261122-0000-0001",
        category=text,
        base=LIFE,
        draft=LIFE,
        changes={"owner": (text, "4201-X")},
    )
    (row,) = rows_of(found)
    assert row == ("20261122-0000-0001", f"'{text}", "owner", f"'{text}", "4201-X")


def test_times_and_nothing_are_written_plainly() -> None:
    changes = {"handling_due": (MONDAY, None)}
    found = Compared(case_no="x", category="E0110", base=LIFE, draft=LIFE, changes=changes)
    assert list(rows_of(found)) == [("x", "E0110", "handling_due", MONDAY.isoformat(), "")]
