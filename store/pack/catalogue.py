"""``catalogue/categories.csv`` and ``conditions.csv``: what a case can be about, and how fast."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.catalogue import Category, CategoryKind, FilingCondition, Milestone
from domain.limit import Limit
from domain.place import Level
from domain.policy import SeverityPolicy
from store.pack.csv_rows import read_rows
from store.pack.fields import Fields
from store.pack.problems import ProblemBook

FILE = "catalogue/categories.csv"
CONDITIONS = "catalogue/conditions.csv"
COLUMNS = ("code", "scheme", "kind", "name_zh", "name_en", "departments", "level", "severity", "site_check")
CONDITION_COLUMNS = ("category", "code", "name_zh", "name_en", "limit")
SEVERITIES = (1, 2, 3, 4)
DEFAULT_CONDITION = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Categories by code, and the departments of single conditions where they differ."""

    categories: Mapping[str, Category]
    condition_departments: Mapping[tuple[str, str], tuple[str, ...]]


def read_catalogue(*, folder: Path, severities: Mapping[int, SeverityPolicy], book: ProblemBook) -> Catalogue:
    """Read both files. A category without a condition gets its severity's default limit."""
    conditions: dict[str, list[FilingCondition]] = {}
    departments: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in read_rows(folder=folder, name=CONDITIONS, columns=CONDITION_COLUMNS, book=book):
        category, condition = row.text("category"), _condition(row, book=book)
        conditions.setdefault(category, []).append(condition)
        if row.has("departments"):
            departments[category, condition.code] = row.texts("departments", separator=" ")
    categories: dict[str, Category] = {}
    for row in read_rows(folder=folder, name=FILE, columns=COLUMNS, book=book):
        category_ = _category(row, conditions=conditions, severities=severities)
        if book.wrote("category", category_.code, row.where()):
            categories[category_.code] = category_
        else:
            text = category_.code
            row.problem(
                "code", code="duplicate_category", zh=f"类别编码“{text}”重复", en=f"category {text!r} twice"
            )
    for category in conditions.keys() - categories.keys():
        where = book.where("condition", f"{category}/{conditions[category][0].code}")
        zh, en = f"立案条件属于未知类别“{category}”", f"condition of unknown category {category!r}"
        book.add(where=where, code="unknown_category", zh=zh, en=en)
    return Catalogue(categories=categories, condition_departments=departments)


def _condition(row: Fields, *, book: ProblemBook) -> FilingCondition:
    category, code = row.text("category"), row.text("code")
    if not book.wrote("condition", f"{category}/{code}", row.where()):
        row.problem(
            "code",
            code="duplicate_condition",
            zh=f"类别“{category}”的立案条件“{code}”重复",
            en=f"condition {code!r} of category {category!r} twice",
        )
    limit = row.limit("limit")
    if limit is None and not row.has("limit"):
        row.problem("limit", code="missing_limit", zh="缺少处置时限", en="the handling limit is missing")
    condition = FilingCondition(
        code=code,
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        limit=limit or Limit.parse("1UH"),
        closing_zh=row.text("closing_zh", ""),
        closing_en=row.text("closing_en", ""),
        milestones=_milestones(row),
    )
    row.finish(also=("source", "note", "departments"))
    return condition


def _milestones(row: Fields) -> tuple[Milestone, ...]:
    """Read the steps of a case, counted from dispatch: ``stop 4WH 责令停止|Stopped; penalty 7WD``.

    Each is a code, a limit and, if it has them, its names; without names the code stands for them.
    """
    found: dict[str, Milestone] = {}
    for text in row.texts("milestones", separator=";"):
        code, limit, names = (*text.split(maxsplit=2), "", "")[:3]
        read = Fields(data={code: limit or "-"}, at=row.where, book=row.book).limit(code)
        if code in found:
            zh, en = f"节点“{code}”重复", f"milestone {code!r} twice"
            row.problem("milestones", code="duplicate_milestone", zh=zh, en=en)
        if read is not None:
            zh, _, en = names.partition("|")
            found[code] = Milestone(code=code, name_zh=zh or code, name_en=en or zh or code, limit=read)
    return tuple(found.values())


def _category(
    row: Fields, *, conditions: Mapping[str, list[FilingCondition]], severities: Mapping[int, SeverityPolicy]
) -> Category:
    code = row.text("code")
    severity = _severity(row)
    filed = tuple(conditions.get(code, ()))
    if not filed:
        policy = severities.get(severity)
        limit = policy.default_limit if policy else Limit.parse("15ND")
        filed = (FilingCondition(code=DEFAULT_CONDITION, name_zh="默认", name_en="Default", limit=limit),)
    category = Category(
        code=code,
        scheme=row.text("scheme"),
        kind=row.choice("kind", CategoryKind),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        departments=row.texts("departments", separator=" "),
        level=row.choice("level", Level),
        severity=severity,
        conditions=filed,
        site_check=row.flag("site_check"),
        keywords=row.texts("keywords", separator=" "),
    )
    row.finish(also=("source", "note"))
    if not category.departments:
        row.problem(
            "departments",
            code="missing_department",
            zh=f"类别“{code}”没有主管部门类型",
            en=f"category {code!r} has no department type",
        )
    return category


def _severity(row: Fields) -> int:
    text = row.text("severity")
    if text.isdecimal() and int(text) in SEVERITIES:
        return int(text)
    row.problem(
        "severity", code="wrong_value", zh=f"严重程度“{text}”应为 1–4", en=f"severity {text!r} must be 1 to 4"
    )
    return SEVERITIES[-1]
