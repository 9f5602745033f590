"""How figures look: percentages with their two numbers, changes with a sign, targets, and whether all is well."""

from dataclasses import dataclass

from domain.board import Bucket, Dimension
from domain.figures import SMALL, Better, Figure, Unit, Value
from usecases.board import Board, Shown
from usecases.board_map import BoardMap
from web.shown import Shown as Words
from web.words import N_

DIMENSIONS = {
    Dimension.DISTRICT: N_("District"),
    Dimension.STREET: N_("Street"),
    Dimension.UNIT: N_("Unit"),
    Dimension.CATEGORY: N_("Category"),
    Dimension.LEVEL: N_("Level"),
    Dimension.SEVERITY: N_("Severity"),
}
TRIGGERS = {
    "E1": N_("severity or risk to life"),
    "E2": N_("no authority or means at its level"),
    "E3": N_("not signed in in time"),
    "E4": N_("past its limit"),
    "E5": N_("returned again"),
    "E6": N_("reworked or not solved"),
    "E7": N_("crosses areas"),
    "E8": N_("many reports of one kind"),
    "E9": N_("special attention"),
    "jump": N_("sent up by a person"),
    "ack": N_("the level called did not answer"),
}
"""Why a case climbs, in words (``domain.case.Trigger``)."""
DASH = "—"


@dataclass(frozen=True, kw_only=True)
class FiguresShown:
    """Says figures in one language."""

    t: Words

    def name(self, figure: Figure) -> str:
        """Return a figure's name."""
        return figure.zh if self.t.chinese else figure.en

    def formula(self, figure: Figure) -> str:
        """Return how it is reckoned."""
        return figure.formula_zh if self.t.chinese else figure.formula_en

    def cohort(self, figure: Figure) -> str:
        """Return which cases it looks at."""
        return figure.cohort_zh if self.t.chinese else figure.cohort_en

    def number(self, value: Value) -> str:
        """Return ``93.7%``, a count, ``12/15`` where there are too few for a percentage, or a dash."""
        if value.below is None:
            return f"{value.above:,}"
        if value.share is None:
            return DASH
        return f"{value.above}/{value.below}" if value.small else f"{value.share * 100:.1f}%"

    def parts(self, value: Value) -> str:
        """Return both numbers of a rate: ``737 ÷ 972``."""
        return f"{value.above:,}" if value.below is None else f"{value.above:,} ÷ {value.below:,}"

    def target(self, figure: Figure) -> str:
        """Return the target: ``≥ 90%``, ``≤ 0``; nothing where there is none."""
        if figure.target is None:
            return ""
        sign = "≥" if figure.better is Better.HIGHER else "≤"
        return (
            f"{sign} {figure.target * 100:.0f}%"
            if figure.unit is Unit.PERCENT
            else f"{sign} {figure.target:.0f}"
        )

    def change(self, shown: Shown) -> str:
        """Return the change with its sign: ``+1.2`` points, ``−3``; a dash where it is not known."""
        if shown.change is None:
            return DASH
        if shown.value.figure.unit is Unit.PERCENT:
            return self.t.text(N_("%(points)s pts"), points=_signed(round(shown.change * 100, 1), digits=1))
        return _signed(shown.change, digits=0)

    def way(self, shown: Shown) -> str:
        """Return ``better``, ``worse`` or ``same``: what a change means, for its colour and its word."""
        change = shown.change
        if change is None or abs(change) < 0.0005:
            return "same"
        good = (change > 0) == (shown.value.figure.better is Better.HIGHER)
        return "better" if good else "worse"

    def state(self, value: Value) -> str:
        """Return ``met``, ``missed`` or ``none``: how a value stands to its target."""
        return {True: "met", False: "missed", None: "none"}[value.meets]

    def trigger(self, code: str) -> str:
        """Return why a case climbed."""
        return self.t.text(TRIGGERS[code]) if code in TRIGGERS else code

    def dimension(self, dimension: Dimension) -> str:
        """Return what a ranking is by."""
        return self.t.text(DIMENSIONS[dimension])

    def code(self, dimension: Dimension, code: str) -> str:
        """Return the name of a row of a ranking."""
        if not code:
            return self.t.text(N_("none on record"))
        if dimension in (Dimension.LEVEL, Dimension.SEVERITY):
            number = int(code)
            return (
                self.t.level(number)
                if dimension is Dimension.LEVEL
                else f"{number} {self.t.severity(number)}"
            )
        names = {Dimension.UNIT: self.t.unit, Dimension.CATEGORY: self.t.category}
        return names.get(dimension, self.t.area)(code)

    @property
    def small(self) -> str:
        """Return what stands below a ranking about small numbers."""
        return self.t.text(N_("Fewer than %(most)s cases: no percentage"), most=SMALL)


def chart_of(board: Board, words: Words) -> dict[str, object]:
    """Return what the trend's script draws."""
    long = board.asked.span.length.days > 1

    def label(one: Bucket) -> str:
        at = one.start.astimezone(words.zone)
        return at.strftime("%m-%d %H:%M") if long else at.strftime("%H:%M")

    return {
        "labels": [label(one) for one in board.trend],
        "received": [one.received for one in board.trend],
        "closed": [one.closed for one in board.trend],
        "overdue": [one.overdue for one in board.trend],
        "ghost": [one.received for one in board.ghost],
    }


def map_of(drawn: BoardMap, board: Board, words: FiguresShown) -> dict[str, object]:
    """Return what the map's script draws: a shade and a text for each area, and dots as coarse as streets."""
    return {
        "level": "street" if board.asked.district else "district",
        "spots": [[spot.lon, spot.lat, spot.cases, spot.severity] for spot in board.spots],
        "areas": {code: [shade.band, words.number(shade.value)] for code, shade in drawn.shades.items()},
        "core": drawn.core,
        "dots": [[dot.x, dot.y, dot.cases, dot.severity] for dot in drawn.dots],
    }


def _signed(number: float, *, digits: int) -> str:
    text = f"{abs(number):.{digits}f}"
    if float(text) == 0:
        return "±0"
    return f"+{text}" if number > 0 else f"−{text}"
