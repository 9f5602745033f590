"""``escalation.toml``: stage limits and escalation of each severity, and when to check on site."""

from dataclasses import fields as dataclass_fields

from domain.limit import Limit
from domain.place import Level
from domain.policy import CheckRule, EscalationRules, SeverityPolicy, StageLimits
from store.pack.fields import Fields, all_fields, fields_of
from store.pack.problems import ProblemBook
from store.pack.rulebook import read_rulebook
from store.pack.toml_lines import TomlFile

FILE = "escalation.toml"
STAGES = tuple(field.name for field in dataclass_fields(StageLimits))
FRACTIONS = ("remind_at", "call_at", "raise_at", "warn_at", "overdue_at", "raise_overdue_at")
COUNTS = ("returns", "reworks", "unsolved_visits")
_DEFAULT = Limit.parse("1WD")


def read_severities(*, file: TomlFile, book: ProblemBook) -> tuple[dict[int, SeverityPolicy], CheckRule]:
    """Read the four severities. Problems: a missing severity or limit, fractions that do not rise.

    A severity without a rulebook is used as it is, with a warning.
    """
    found: dict[int, SeverityPolicy] = {}
    for index, fields in enumerate(all_fields(file=file, path="severity", book=book)):
        severity = fields.integer("severity")
        if severity in found or severity not in (1, 2, 3, 4):
            fields.problem(
                "severity",
                code="wrong_value",
                zh=f"严重程度 {severity} 重复或不在 1–4 之内",
                en=f"severity {severity} twice or not 1 to 4",
            )
            continue
        book.wrote("severity", str(severity), fields.where())
        found[severity] = SeverityPolicy(
            severity=severity,
            stages=_stages(_inner(fields, "stages", file=file, index=index, book=book)),
            escalation=_escalation(fields, _inner(fields, "escalation", file=file, index=index, book=book)),
            default_limit=_limit(fields, "default_limit"),
            book=read_rulebook(file=file, index=index, table=fields, book=book),
        )
        fields.finish(also=("name_zh", "name_en", "colour"))
    for severity in {1, 2, 3, 4} - found.keys():
        book.add(
            where=(FILE, 1),
            code="missing_severity",
            zh=f"缺少严重程度 {severity}",
            en=f"severity {severity} is missing",
        )
    top = fields_of(file=file, path="", data=file.data, book=book)
    return found, top.choice("check_on_site", CheckRule, CheckRule.SEVERE)


def _inner(fields: Fields, key: str, *, file: TomlFile, index: int, book: ProblemBook) -> Fields:
    data = fields.data.get(key, {}) if fields.has(key) else {}
    inner = fields_of(file=file, path=f"severity.{key}", index=index, data=data, book=book)
    if not data:
        fields.problem(key, code="missing_key", zh=f"缺少“{key}”", en=f"{key!r} is missing")
    return inner


def _limit(fields: Fields, key: str) -> Limit:
    limit = fields.limit(key)
    if limit is None and not fields.has(key):
        fields.problem(key, code="missing_key", zh=f"缺少时限“{key}”", en=f"limit {key!r} is missing")
    return limit or _DEFAULT


def _stages(fields: Fields) -> StageLimits:
    limits = (
        {name: _limit(fields, name) for name in STAGES} if fields.data else dict.fromkeys(STAGES, _DEFAULT)
    )
    fields.finish()
    return StageLimits(**limits)


def _escalation(table: Fields, fields: Fields) -> EscalationRules:
    if not fields.data:
        return EscalationRules(repeat=_DEFAULT)
    standard = EscalationRules(repeat=_DEFAULT)
    shares = {name: fields.number(name, getattr(standard, name)) for name in FRACTIONS}
    counts = {name: fields.integer(name, getattr(standard, name)) for name in COUNTS}
    for group in (FRACTIONS[:3], FRACTIONS[3:]):
        values = [shares[name] for name in group]
        if values != sorted(values) or values[0] <= 0:
            names = " ≤ ".join(group)
            fields.problem(group[0], code="fractions_fall", zh=f"应满足 0 < {names}", en=f"want 0 < {names}")
    if min(counts.values()) < 1:
        fields.problem("returns", code="wrong_value", zh="次数至少为 1", en="counts must be at least 1")
    rules = EscalationRules(
        **shares,
        floor=table.choice("floor", Level, Level.GRID),
        returns=counts["returns"],
        reworks=counts["reworks"],
        unsolved_visits=counts["unsolved_visits"],
        repeat=_limit(fields, "repeat"),
    )
    fields.finish()
    return rules
