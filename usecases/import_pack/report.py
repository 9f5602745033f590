"""What an import did: its findings, its counts, and whether a pack was written."""

from dataclasses import dataclass
from pathlib import Path

from geo.importing import Action, ImportFinding
from usecases.import_pack.learn import Score

_ORDER = (Action.REFUSED, Action.REPAIRED, Action.KEPT)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReport:
    """The outcome of one import. ``written`` are the pack's files, none when it was refused.

    ``areas`` counts areas per level or kind of overlay; ``placeholders`` are the points that
    the feed writes when it knows no place; ``score`` tells how the learned rules did on the
    rows they were not learned from (on all rows when they were learned from all).
    """

    out: Path
    findings: tuple[ImportFinding, ...]
    areas: dict[str, int]
    categories: int = 0
    departments: int = 0
    rows: int = 0
    placeholders: tuple[tuple[float, float], ...] = ()
    learned_rows: int = 0
    score: Score | None = None
    written: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Tell whether something was refused, so that no pack was written."""
        return any(finding.action is Action.REFUSED for finding in self.findings)

    def lines(self) -> list[str]:
        """Return the report as text lines, refusals first."""
        text = [str(finding) for action in _ORDER for finding in self.findings if finding.action is action]
        counts = ", ".join(f"{name} {count}" for name, count in self.areas.items())
        text.append(
            f"区域 areas: {counts}; 类别 categories: {self.categories}; 部门 departments: {self.departments}"
        )
        if self.rows:
            text.append(
                f"数据行 feed rows: {self.rows}; 占位坐标 placeholder points: {list(self.placeholders)}"
            )
        if self.score is not None and self.score.total:
            total = self.score.total
            text.append(
                f"由 {self.learned_rows} 行学得派单规则 rules learned from {self.learned_rows} rows; 核对 checked on "
                f"{total}: {self.score.right / total:.2%} 一致 agree, "
                f"仅按类别 by category alone {self.score.right_by_category / total:.2%}"
            )
        if self.refused:
            text.append("未生成城市包 / no pack was written")
        else:
            text.append(f"城市包已写入 / pack written to {self.out}")
        return text
