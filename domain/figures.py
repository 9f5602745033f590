"""The figures of the house: what each counts, over what, in words people can check.

A figure is data: its names, its formula in words, the counter above the line and the one
below, the cases it looks at, its unit and its target. The counters are counted by the store
in one pass; everything people see of a figure (board, wall, report, a click on its name)
comes from here, so that the number and its words cannot part. Definitions are versioned: a
changed formula gets a new version, and a published number names the one it was made by.

Sources: GB/T 30428.4 and CJ/T 292 (结案率, 按期结案率), the three rates of the 12345 hotlines
(响应率, 解决率, 满意率), checked on published figures: on-time closing is divided by the cases
that were due, not by those that were closed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SMALL = 20
"""A rate of fewer cases than this is not shown as a percentage: one case would move it by more than 5 %."""


class Counter(StrEnum):
    """What is counted of cases. The first five are of a moment, the others of a period up to it.

    Drills are counted only where drills are asked for.
    """

    IN_HAND = "in_hand"
    OVERDUE = "overdue"
    BREACHING = "breaching"
    URGENT = "urgent"
    SUSPENDED = "suspended"
    RECEIVED = "received"
    DUE = "due"
    CLOSED = "closed"
    CLOSED_ON_TIME = "closed_on_time"
    SIGN_INS = "sign_ins"
    SIGNED_ON_TIME = "signed_on_time"
    CONTACTS = "contacts"
    CONTACTED_ON_TIME = "contacted_on_time"
    ASKED = "asked"
    SOLVED = "solved"
    GRADED = "graded"
    SATISFIED = "satisfied"


class Unit(StrEnum):
    """What a figure is a number of."""

    CASES = "cases"
    PERCENT = "percent"


class Better(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """The definition of one figure, for people and for the machine.

    ``formula`` and ``cohort`` are sentences in both languages: how it is reckoned and which
    cases it looks at. ``below`` is None for a plain count. ``target`` is a share (0–1) or a
    number of cases, None where there is none. ``live``: of this moment, whatever the period.
    """

    id: str
    version: int = 1
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    cohort_zh: str
    cohort_en: str
    above: Counter
    below: Counter | None = None
    unit: Unit = Unit.CASES
    better: Better = Better.LOWER
    target: float | None = None
    live: bool = False


_FILED_ZH = "期内到期、或期内提前结案的已立案案件；已并案、作废、转出的不计，挂账期间不计；演练另计"
_FILED_EN = (
    "filed cases whose total deadline fell in the period, and those closed before it in the period; "
    "not those merged, cancelled or transferred, nor while suspended; drills apart"
)
_NOW_ZH = "此刻在办的案件；演练另计"
_NOW_EN = "cases in hand at this moment; drills apart"
_VISITED_ZH = "期内回访到并作答的诉求人，每位计一次（以最后一次为准）；演练另计"
_VISITED_EN = "reporters reached in the period who answered, each once by the last answer; drills apart"

FIGURES: tuple[Figure, ...] = (
    Figure(
        id="on_time", zh="按期结案率", en="closed on time",
        formula_zh="期限内结案数 ÷ 应结案数（申诉获准免计超期的视为按期）",
        formula_en="closed by the total deadline ÷ due to be closed (exempt by a granted appeal counts as on time)",
        cohort_zh=_FILED_ZH, cohort_en=_FILED_EN,
        above=Counter.CLOSED_ON_TIME, below=Counter.DUE, unit=Unit.PERCENT, better=Better.HIGHER, target=0.9,
    ),
    Figure(
        id="closure", zh="结案率", en="closure",
        formula_zh="已结案数 ÷ 应结案数", formula_en="closed ÷ due to be closed",
        cohort_zh=_FILED_ZH, cohort_en=_FILED_EN,
        above=Counter.CLOSED, below=Counter.DUE, unit=Unit.PERCENT, better=Better.HIGHER, target=0.95,
    ),
    Figure(
        id="in_hand", zh="在办", en="in hand",
        formula_zh="已受理、尚未办结的案件数（含挂账）",
        formula_en="cases taken in and not settled yet, suspended ones included",
        cohort_zh=_NOW_ZH, cohort_en=_NOW_EN, above=Counter.IN_HAND, live=True,
    ),
    Figure(
        id="overdue", zh="当前超期", en="overdue now",
        formula_zh="处置期限已过、承办单位尚未反馈结果的案件数（挂账期间不计）",
        formula_en="past the handling deadline, the unit has not submitted a result (not while suspended)",
        cohort_zh=_NOW_ZH, cohort_en=_NOW_EN, above=Counter.OVERDUE, target=0, live=True,
    ),
    Figure(
        id="breaching", zh="即将超期", en="about to breach",
        formula_zh="两小时内到处置期限、尚未反馈结果的案件数",
        formula_en="the handling deadline falls within the next two hours and no result is in",
        cohort_zh=_NOW_ZH, cohort_en=_NOW_EN, above=Counter.BREACHING, live=True,
    ),
    Figure(
        id="urgent", zh="紧急在办", en="urgent in hand",
        formula_zh="在办案件中严重程度为一、二级的件数",
        formula_en="cases in hand of severity 1 or 2",
        cohort_zh=_NOW_ZH, cohort_en=_NOW_EN, above=Counter.URGENT, live=True,
    ),
    Figure(
        id="signed", zh="签收及时率", en="signed in on time",
        formula_zh="时限内签收数 ÷（已签收数 + 逾时未签收数）",
        formula_en="signed in within the limit ÷ (signed in + not signed in and past the limit)",
        cohort_zh="期内派遣到现承办单位的案件；演练另计",
        cohort_en="cases dispatched to their present unit in the period; drills apart",
        above=Counter.SIGNED_ON_TIME, below=Counter.SIGN_INS, unit=Unit.PERCENT, better=Better.HIGHER, target=0.95,
    ),
    Figure(
        id="response", zh="响应率", en="first contact on time",
        formula_zh="时限内首次联系诉求人的案件数 ÷（已联系数 + 逾时未联系数）",
        formula_en="reporter first contacted within the limit ÷ (contacted + not contacted and past the limit)",
        cohort_zh="期内派遣、须联系诉求人的案件；演练另计",
        cohort_en="cases dispatched in the period whose reporter is to be contacted; drills apart",
        above=Counter.CONTACTED_ON_TIME, below=Counter.CONTACTS, unit=Unit.PERCENT, better=Better.HIGHER, target=0.95,
    ),
    Figure(
        id="solved", zh="解决率", en="solved",
        formula_zh="回访答复“已解决”的诉求人数 ÷ 回访中就是否解决作答的诉求人数",
        formula_en="reporters who say it is solved ÷ reporters who said whether it is",
        cohort_zh=_VISITED_ZH, cohort_en=_VISITED_EN,
        above=Counter.SOLVED, below=Counter.ASKED, unit=Unit.PERCENT, better=Better.HIGHER, target=0.9,
    ),
    Figure(
        id="satisfied", zh="满意率", en="satisfied",
        formula_zh="评价为基本满意及以上（五级中的 3–5 级）的诉求人数 ÷ 给出评价的诉求人数；"
        "未作答不算满意，差评申诉获准的不计",
        formula_en="grades 3 to 5 of five ÷ reporters who gave a grade; silence is not satisfaction; "
        "not where an appeal against the grade was granted",
        cohort_zh=_VISITED_ZH, cohort_en=_VISITED_EN,
        above=Counter.SATISFIED, below=Counter.GRADED, unit=Unit.PERCENT, better=Better.HIGHER, target=0.9,
    ),
)  # fmt: skip

BY_ID: Mapping[str, Figure] = {figure.id: figure for figure in FIGURES}


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Counted cases; a counter that is not there is 0."""

    of: Mapping[Counter, int] = field(default_factory=dict)

    def __getitem__(self, counter: Counter) -> int:
        """Return one counter."""
        return self.of.get(counter, 0)

    def __add__(self, other: "Counts") -> "Counts":
        """Return both together."""
        return Counts(of={key: self[key] + other[key] for key in {*self.of, *other.of}})


NOTHING = Counts()


def total(counts: Iterable[Counts]) -> Counts:
    """Add up."""
    return sum(counts, start=NOTHING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """What a figure comes to. ``share`` is None for a plain count, and where nothing is below the line.

    ``small``: too few for a percentage; the two numbers are shown instead.
    """

    figure: Figure
    above: int
    below: int | None = None
    share: float | None = None
    small: bool = False

    @property
    def number(self) -> float | None:
        """Return what is compared and sorted: the share, or the count; None where nobody can say."""
        return float(self.above) if self.below is None else (None if self.small else self.share)

    @property
    def meets(self) -> bool | None:
        """Tell whether the target is met; None without a target or a number."""
        target, number = self.figure.target, self.number
        if target is None or number is None:
            return None
        return number >= target if self.figure.better is Better.HIGHER else number <= target


def value_of(*, figure: Figure, counts: Counts) -> Value:
    """Reckon a figure."""
    above = counts[figure.above]
    if figure.below is None:
        return Value(figure=figure, above=above)
    below = counts[figure.below]
    share = above / below if below else None
    return Value(figure=figure, above=above, below=below, share=share, small=below < SMALL)


def change_of(*, now: Value, before: Value | None) -> float | None:
    """Return by how much a figure changed (a share: in points of 1); None where either is not known."""
    if before is None or now.number is None or before.number is None:
        return None
    return now.number - before.number
