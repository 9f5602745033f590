"""Collecting what is wrong in a pack instead of stopping at the first mistake."""

from domain.pack import PackProblem


class ProblemBook:
    """Problems found so far, and where each thing of the pack was written.

    One book is passed to every reader of a pack; the checker goes on using it, so that a
    rule that can never win is reported at the rule's own line.
    """

    __slots__ = ("_origins", "_problems")

    def __init__(self) -> None:
        self._problems: list[PackProblem] = []
        self._origins: dict[tuple[str, str], tuple[str, int]] = {}

    def add(self, *, where: tuple[str, int], code: str, zh: str, en: str, warning: bool = False) -> None:
        """Record one problem. ``where`` is the file, relative to the pack, and the line from 1."""
        file, line = where
        self._problems.append(PackProblem(file=file, line=line, code=code, zh=zh, en=en, warning=warning))

    def wrote(self, thing: str, name: str, where: tuple[str, int]) -> bool:
        """Remember where a thing (``"unit"``, ``"rule"`` …) was written; False when it was already."""
        if (thing, name) in self._origins:
            return False
        self._origins[thing, name] = where
        return True

    def where(self, thing: str, name: str) -> tuple[str, int]:
        """Return file and line of a thing; an empty name when it was never written."""
        return self._origins.get((thing, name), ("", 0))

    @property
    def problems(self) -> tuple[PackProblem, ...]:
        """Return all problems, by file and line."""
        return tuple(sorted(self._problems, key=lambda p: (p.file, p.line, p.code, p.en)))

    @property
    def fatal(self) -> bool:
        """Tell whether anything is worse than a warning."""
        return any(not problem.warning for problem in self._problems)
