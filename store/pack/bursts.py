"""``bursts.toml``: from when on many reports of one kind are one event (E8)."""

from datetime import timedelta
from fnmatch import fnmatchcase

from domain.burst import BurstRule
from domain.pack import CityPack
from domain.place import Level
from store.pack.fields import Fields, all_fields
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

FILE = "bursts.toml"
AREAS = (Level.DISTRICT, Level.STREET)
LEVELS = (Level.CITY, Level.DISTRICT)
LONGEST_MIN = 7 * 24 * 60.0


def read_bursts(*, file: TomlFile, book: ProblemBook) -> tuple[BurstRule, ...]:
    """Read every ``[[burst]]``. Problems: an id twice, no categories, no count, a window or level out of range."""
    found = []
    for fields in all_fields(file=file, path="burst", book=book):
        rule = _burst(fields)
        if not book.wrote("burst", rule.id, fields.where("id")):
            fields.problem("id", code="duplicate_burst", zh=f"“{rule.id}”重复", en=f"burst {rule.id!r} twice")
        if not rule.categories:
            zh, en = "须写明 categories", "it must name categories"
            fields.problem(None, code="selects_nothing", zh=zh, en=en)
        if rule.reports < 2 and rule.alarms < 2:
            zh, en = (
                "reports 或 alarms 至少一项不小于 2",
                "one of reports and alarms must be 2 or more",
            )
            fields.problem(None, code="counts_nothing", zh=zh, en=en)
        fields.finish(also=("note_zh", "note_en"))
        found.append(rule)
    return tuple(found)


def _burst(fields: Fields) -> BurstRule:
    minutes = fields.number("window_min")
    if not 0 < minutes <= LONGEST_MIN:
        zh, en = (
            f"时间窗 {minutes:g} 分钟应大于 0,不超过 {LONGEST_MIN:g}",
            f"window {minutes:g} must be above 0, at most {LONGEST_MIN:g} minutes",
        )
        fields.problem("window_min", code="wrong_value", zh=zh, en=en)
        minutes = 1.0
    return BurstRule(
        id=fields.text("id"),
        name_zh=fields.text("name_zh"),
        name_en=fields.text("name_en"),
        categories=fields.texts("categories"),
        parent_category=fields.text("parent_category"),
        parent_condition=fields.optional("parent_condition"),
        reports=fields.integer("reports", 0),
        alarms=fields.integer("alarms", 0),
        window=timedelta(minutes=minutes),
        area=_one_of(fields, "area", AREAS, Level.STREET),
        level=_one_of(fields, "level", LEVELS, Level.DISTRICT),
        mandatory=fields.flag("mandatory"),
    )


def _one_of(fields: Fields, key: str, allowed: tuple[Level, ...], default: Level) -> Level:
    level = fields.choice(key, Level, default)
    if level not in allowed:
        names = "、".join(one.name.lower() for one in allowed)
        zh, en = f"{key} 应为 {names} 之一", f"{key} must be one of {names}"
        fields.problem(key, code="wrong_value", zh=zh, en=en)
        return default
    return level


def check_bursts(*, pack: CityPack, book: ProblemBook) -> None:
    """Report categories and conditions of bursts that the catalogue does not have."""
    for rule in pack.bursts:
        where = book.where("burst", rule.id)
        for pattern in rule.categories:
            if not any(fnmatchcase(code, pattern) for code in pack.catalogue):
                zh, en = f"类别“{pattern}”不在目录中", f"no category matches {pattern!r}"
                book.add(where=where, code="unknown_category", zh=zh, en=en)
        parent = pack.catalogue.get(rule.parent_category)
        if parent is None:
            zh, en = (
                f"类别“{rule.parent_category}”不存在",
                f"category {rule.parent_category!r} does not exist",
            )
            book.add(where=where, code="unknown_category", zh=zh, en=en)
        elif rule.parent_condition is not None and all(
            condition.code != rule.parent_condition for condition in parent.conditions
        ):
            zh, en = (
                f"立案条件“{rule.parent_condition}”不存在",
                f"filing condition {rule.parent_condition!r} does not exist",
            )
            book.add(where=where, code="unknown_condition", zh=zh, en=en)
