"""``[severity.rulebook]`` of ``escalation.toml``: limits and counts of the whole rulebook."""

from dataclasses import MISSING
from dataclasses import Field as DataclassField
from dataclasses import fields as dataclass_fields
from typing import Any

from domain.limit import Limit
from domain.policy import EmergencyRules, Rulebook
from store.pack.fields import Fields, fields_of
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

KEY = "rulebook"
EMERGENCY = "emergency"
_SOME_LIMIT = Limit.parse("1WD")


def read_rulebook(*, file: TomlFile, index: int, table: Fields, book: ProblemBook) -> Rulebook | None:
    """Read the rulebook of the n-th severity; None, with a warning, where it has none."""
    data = table.data.get(KEY) if table.has(KEY) else None
    if not isinstance(data, dict):
        book.add(
            where=table.where(),
            code="no_rulebook",
            zh="没有 [severity.rulebook],此级案件不适用完整规则(延期、挂账、督办等)",
            en="no [severity.rulebook]: cases of this severity do without extension, suspension, supervision …",
            warning=True,
        )
        return None
    fields = fields_of(file=file, path=f"severity.{KEY}", index=_nth(file, index, KEY), data=data, book=book)
    values = {one.name: _value(fields, one) for one in dataclass_fields(Rulebook) if one.name != EMERGENCY}
    emergency = _emergency(file=file, index=index, fields=fields, book=book)
    fields.finish()
    _check(fields, values)
    return Rulebook(**values, emergency=emergency)


def _nth(file: TomlFile, index: int, *path: str) -> int:
    """Return which of the file's tables of this path belongs to the n-th severity."""
    count = 0
    for table in file.data.get("severity", [])[:index]:
        inner: Any = table
        for key in path:
            inner = inner.get(key, {}) if isinstance(inner, dict) else {}
        count += bool(inner)
    return count


def _value(fields: Fields, wanted: "DataclassField[Any]") -> Any:
    name, default = wanted.name, None if wanted.default is MISSING else wanted.default
    if wanted.type is bool:
        return fields.flag(name, default=bool(default))
    if wanted.type is int:
        return fields.integer(name, default)
    if wanted.type is float:
        return fields.number(name, default)
    return _limit(fields, name) if default is None else fields.limit(name) or default


def _limit(fields: Fields, name: str) -> Limit:
    limit = fields.limit(name)
    if limit is None and not fields.has(name):
        fields.problem(name, code="missing_key", zh=f"缺少时限“{name}”", en=f"limit {name!r} is missing")
    return limit or _SOME_LIMIT


def _emergency(*, file: TomlFile, index: int, fields: Fields, book: ProblemBook) -> EmergencyRules | None:
    data = fields.data.get(EMERGENCY) if fields.has(EMERGENCY) else None
    if not isinstance(data, dict):
        return None
    inner = fields_of(
        file=file,
        path=f"severity.{KEY}.{EMERGENCY}",
        index=_nth(file, index, KEY, EMERGENCY),
        data=data,
        book=book,
    )
    limits = {one.name: _limit(inner, one.name) for one in dataclass_fields(EmergencyRules)}
    inner.finish()
    return EmergencyRules(**limits)


def _check(fields: Fields, values: dict[str, Any]) -> None:
    """Report what no case could live by."""
    wrong = (
        ("info_tries", values["info_tries"] < 1, "至少为 1", "must be at least 1"),
        ("visit_tries", values["visit_tries"] < 1, "至少为 1", "must be at least 1"),
        ("extensions", values["extensions"] < 0, "不得为负", "must not be negative"),
        ("check_within_m", values["check_within_m"] <= 0, "应大于 0 米", "must be more than 0 metres"),
        (
            "answered_visit_share",
            not 0 <= values["answered_visit_share"] <= 1,
            "应在 0–1 之间",
            "must be 0 to 1",
        ),
        (
            "suspend_days",
            not 0 < values["suspend_days"] <= values["suspend_most_days"],
            "应大于 0 且不超过 suspend_most_days",
            "must be more than 0 and at most suspend_most_days",
        ),
    )
    for key, broken, zh, en in wrong:
        if broken:
            fields.problem(key, code="wrong_value", zh=f"“{key}”{zh}", en=f"{key!r} {en}")
