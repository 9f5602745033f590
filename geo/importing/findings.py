"""What an import found, and what it did about it."""

from dataclasses import dataclass
from enum import StrEnum

from geo.checks import AreaProblem


class Action(StrEnum):
    """Refused: no pack is made. Repaired: changed as said. Kept: left as it is, on purpose."""

    REFUSED = "refused"
    REPAIRED = "repaired"
    KEPT = "kept"


_WORDS = {Action.REFUSED: "拒绝", Action.REPAIRED: "已修复", Action.KEPT: "保留"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportFinding:
    """One finding with the action taken. ``code`` is stable; ``feature`` as in AreaProblem."""

    file: str
    feature: str
    code: str
    action: Action
    zh: str
    en: str

    @classmethod
    def of(cls, problem: AreaProblem, action: Action, *, zh: str = "", en: str = "") -> "ImportFinding":
        """Turn a problem into a finding; ``zh``/``en`` say what was done about it."""
        return cls(
            file=problem.file,
            feature=problem.feature,
            code=problem.code,
            action=action,
            zh=f"{problem.zh}；{zh}" if zh else problem.zh,
            en=f"{problem.en}; {en}" if en else problem.en,
        )

    def __str__(self) -> str:
        place = f"{self.file}: {self.feature}" if self.feature else self.file
        return f"[{_WORDS[self.action]} {self.action.value}] {place}: {self.zh} / {self.en} [{self.code}]"
