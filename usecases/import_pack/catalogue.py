"""The categories and departments of the pack to be: from a table, from the feed, or both."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.limit import Limit, UnableToReadLimit
from domain.place import Level
from geo.importing import Action, ImportFinding
from usecases.import_pack.feed import FeedRow
from usecases.import_pack.learn import Learned
from usecases.import_pack.spec import COMMAND, Department, ImportSpec, slug

COLUMNS = ("category", "unit", "severity", "limit", "level")
_SEVERITIES = {"1": 1, "2": 2, "3": 3, "4": 4}
_DAY = 24.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoryRow:
    """One category of the pack; ``limit`` None leaves it to its severity's default."""

    code: str
    name: str
    department: str
    severity: int
    level: Level
    limit: Limit | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Categories by code, departments by kind, and what was wrong with their sources."""

    categories: Mapping[str, CategoryRow]
    departments: Mapping[str, Department]
    findings: tuple[ImportFinding, ...] = ()


def build_catalogue(
    *, spec: ImportSpec, data: Path, rows: list[FeedRow], learned: Learned | None
) -> Catalogue:
    """Join the table (which wins) with what the feed teaches. OSError when the table is absent."""
    findings = list(_shared_codes(spec, rows))
    categories = _from_feed(spec, rows, learned)
    departments = {row.department: _named(spec, row.department_name) for row in rows if row.department}
    if spec.catalogue.file is not None:
        for entry in _table(spec, data / spec.catalogue.file):
            if isinstance(entry, ImportFinding):
                findings.append(entry)
                continue
            category, department = entry
            if category.code in categories and categories[category.code].name != category.name:
                findings.append(_same_code(spec.catalogue.file, category.code, {category.name}))
            categories[category.code] = category
            departments[department.kind] = department
    return Catalogue(
        categories=dict(sorted(categories.items())),
        departments=dict(sorted(departments.items())),
        findings=tuple(findings),
    )


def _from_feed(spec: ImportSpec, rows: list[FeedRow], learned: Learned | None) -> dict[str, CategoryRow]:
    found = {}
    for row in rows:
        if row.category_name and row.category not in found:
            vote = learned.by_category.get(row.category) if learned else None
            found[row.category] = CategoryRow(
                code=row.category,
                name=row.category_name,
                department=vote.department if vote else COMMAND,
                severity=spec.catalogue.severity,
                level=spec.catalogue.level,
                limit=_learned_limit(learned, row.category) or spec.catalogue.limit,
            )
    return found


def _learned_limit(learned: Learned | None, category: str) -> Limit | None:
    """Turn the median time allowed into whole days, or hours below two days; both run continuously."""
    hours = learned.hours.get(category) if learned else None
    if hours is None:
        return None
    if hours < 2 * _DAY:
        return Limit.parse(f"{max(1, round(hours))}UH")
    return Limit.parse(f"{round(hours / _DAY)}ND")


def _table(spec: ImportSpec, path: Path) -> Iterator[tuple[CategoryRow, Department] | ImportFinding]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in COLUMNS[:2] if column not in (reader.fieldnames or [])]
        if missing:
            zh, en = f"缺少列 {'、'.join(missing)}", f"has no column {', '.join(missing)}"
            yield _refused(path.name, "", "missing_column", zh, en)
            return
        for record in reader:
            yield _table_row(
                spec, path.name, {key: (value or "").strip() for key, value in record.items() if key}
            )


def _table_row(
    spec: ImportSpec, file: str, record: Mapping[str, str]
) -> tuple[CategoryRow, Department] | ImportFinding:
    name, unit = record["category"], record["unit"]
    if not name or not unit:
        zh, en = "缺少类别或单位", "names no category or no unit"
        return _refused(file, name or unit, "missing_value", zh, en)
    severity, level, text = record.get("severity", ""), record.get("level", ""), record.get("limit", "")
    try:
        limit = Limit.parse(text) if text else spec.catalogue.limit
        rank = _SEVERITIES[severity] if severity else spec.catalogue.severity
        at = Level[level.upper()] if level else spec.catalogue.level
    except (UnableToReadLimit, ValueError, LookupError) as problem:
        zh, en = f"值无法识别：{problem}", f"has an unreadable value: {problem}"
        return _refused(file, name, "wrong_value", zh, en)
    department = _named(spec, unit)
    row = CategoryRow(
        code=slug(name), name=name, department=department.kind, severity=rank, level=at, limit=limit
    )
    return row, department


def _named(spec: ImportSpec, name: str) -> Department:
    return spec.departments.get(name) or Department(kind=slug(name), name_zh=name, name_en=name)


def _shared_codes(spec: ImportSpec, rows: list[FeedRow]) -> Iterator[ImportFinding]:
    """Two names that make one code would become one category: refused."""
    names: dict[str, set[str]] = {}
    for row in rows:
        names.setdefault(row.category, set()).add(row.category_name)
    for code, different in sorted(names.items()):
        if len(different) > 1 and spec.feed is not None:
            yield _same_code(spec.feed.file, code, different)


def _same_code(file: str, code: str, names: set[str]) -> ImportFinding:
    both = ", ".join(sorted(names))
    zh, en = f"不同类别得到同一编码：{both}", f"different categories get one code: {both}"
    return _refused(file, code, "duplicate_category", zh, en)


def _refused(file: str, feature: str, code: str, zh: str, en: str) -> ImportFinding:
    return ImportFinding(file=file, feature=feature, code=code, action=Action.REFUSED, zh=zh, en=en)


def with_command(departments: Mapping[str, Department], spec: ImportSpec) -> dict[str, Department]:
    """Return the departments with the city's command in front."""
    command = Department(
        kind=COMMAND,
        name_zh=f"{spec.city.name_zh}城市运行管理中心",
        name_en=f"{spec.city.name_en} Operations Centre",
    )
    return {COMMAND: command, **{kind: each for kind, each in departments.items() if kind != COMMAND}}
