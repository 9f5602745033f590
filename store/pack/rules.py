"""``routing.toml``: the dispatch catalogue (派单目录)."""

import re

from domain.pack import RoutingRule, Selector
from domain.place import Level
from store.pack.fields import Fields, all_fields
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

FILE = "routing.toml"
_HOURS = re.compile(r"^([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)$")
_SELECTOR = re.compile(r"^(?:unit:(?P<unit>\S+)|dept:(?P<kind>[^@\s]+)(?:@(?P<level>[A-Za-z]+))?)$")
_LEVELS = {level.name.lower(): level for level in Level}
ENTRY = "entry"


def read_rules(*, file: TomlFile, book: ProblemBook) -> tuple[RoutingRule, ...]:
    """Read every ``[[rule]]``, in the file's order."""
    rules = []
    for fields in all_fields(file=file, path="rule", book=book):
        rule = _rule(fields)
        fields.finish()
        if rule is None:
            continue
        if not book.wrote("rule", rule.id, fields.where("id")):
            fields.problem(
                "id", code="duplicate_rule", zh=f"规则编号“{rule.id}”重复", en=f"rule {rule.id!r} twice"
            )
            continue
        rules.append(rule)
    return tuple(rules)


def _rule(fields: Fields) -> RoutingRule | None:
    lead = _selectors(fields, "lead")
    if not lead:
        if not fields.has("lead"):
            fields.problem(
                "lead", code="missing_key", zh="规则没有主办单位 lead", en="the rule names no lead"
            )
        return None
    severity = fields.integer("severity_at_most", 0)
    return RoutingRule(
        id=fields.text("id"),
        lead=lead[0],
        note_zh=fields.text("note_zh", ""),
        note_en=fields.text("note_en", ""),
        categories=fields.texts("category"),
        condition=fields.optional("condition"),
        department=fields.optional("department"),
        severity_at_most=severity or None,
        district=fields.optional("district"),
        street=fields.optional("street"),
        community=fields.optional("community"),
        grid=fields.optional("grid"),
        zone=fields.optional("zone"),
        channel=fields.optional("channel"),
        tag=fields.optional("tag"),
        hours=_hours(fields),
        co=_selectors(fields, "co") if "co" in fields.data else None,
        copy_to=_selectors(fields, "copy_to"),
        level=fields.level("level"),
        limit=fields.limit("limit"),
    )


def _selectors(fields: Fields, key: str) -> tuple[Selector, ...]:
    found = []
    for text in fields.texts(key):
        match = _SELECTOR.match(text)
        name = (match["level"] or ENTRY).lower() if match else ""
        if match is None or (match["kind"] and name != ENTRY and name not in _LEVELS):
            fields.problem(
                key,
                code="bad_selector",
                zh=f"“{text}”应写作 unit:编码 或 dept:类型@层级(city、district、street、community、grid、entry)",
                en=f"{text!r} must be unit:CODE or dept:KIND@LEVEL (city, district, street, community, grid, entry)",
            )
            continue
        found.append(Selector(unit=match["unit"], kind=match["kind"], level=_LEVELS.get(name)))
    return tuple(found)


def _hours(fields: Fields) -> tuple[int, int] | None:
    text = fields.optional("hours")
    if text is None:
        return None
    span = parse_span(text)
    if span is None:
        fields.problem(
            "hours",
            code="bad_hours",
            zh=f"时段“{text}”应如 22:00-06:00",
            en=f"hours {text!r} must look like 22:00-06:00",
        )
    return span


def parse_span(text: str) -> tuple[int, int] | None:
    """Return ``"22:00-06:00"`` as minutes from midnight, or None when it is no span of a day."""
    match = _HOURS.match(text.strip())
    if match is None:
        return None
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    return None if start == end or max(start, end) > 24 * 60 else (start, end)
