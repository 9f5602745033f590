"""The problem found in an area file, in words for the people who edit the pack."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaProblem:
    """One finding. ``code`` is stable; a ``warning`` does not stop the pack from being used.

    ``file`` is relative to the pack's (or the data) folder; ``feature`` is the area's code,
    ``#n`` (from 1) when it has none, or empty when the whole file is meant.
    """

    file: str
    feature: str
    code: str
    zh: str
    en: str
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.file}: {self.feature}" if self.feature else self.file
        return f"{place}: {self.zh} / {self.en} [{self.code}]"


class UnableToReadLayer(Exception):
    """An area file cannot be used at all. ``problem`` says why."""

    def __init__(self, problem: AreaProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def square_metres(area: float) -> str:
    """Write an area as people read it: m² below 0.1 km², km² above."""
    return f"{area:,.0f} m²" if area < 100_000 else f"{area / 1e6:,.2f} km²"
