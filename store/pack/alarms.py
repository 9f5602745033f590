"""``alarms.toml``: what is feared and what belongs to it, what mutes what, and who answers an alarm."""

from collections.abc import Iterable
from datetime import timedelta
from fnmatch import fnmatchcase

from domain.hazard import AlarmRules, GroupRule, Hazard, Inhibition, Unanswered
from domain.pack import CityPack
from domain.place import Level
from store.pack.bounds import bounded, bounded_integer, minutes, seconds
from store.pack.devices import refer
from store.pack.fields import Fields, all_fields, fields_of, section
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

FILE = "alarms.toml"
TABLES = ("hazard", "inhibit", "assessment", "false_reason", "device")
AREAS = (Level.DISTRICT, Level.STREET, Level.COMMUNITY)
LONGEST_MIN = 7 * 24 * 60.0
MOST_METRES = 5000.0
MOST_DAYS = 366.0
FAIL_SAFE = {1: Unanswered.TRUE, 2: Unanswered.TRUE, 3: Unanswered.ESCALATE, 4: Unanswered.ESCALATE}
"""What silence means where a city says nothing: domain.md §5 for 1, 3 and 4; 2 is on the safe side."""


def read_alarms(*, file: TomlFile, book: ProblemBook) -> AlarmRules:
    """Read the file. Problems: an id twice, numbers out of range, silence about severity 1 that is not true."""
    plain = AlarmRules()
    answers = section(file=file, path="assessment", book=book)
    device = section(file=file, path="device", book=book)
    rules = AlarmRules(
        hazards=_hazards(file=file, book=book),
        inhibitions=tuple(_inhibitions(all_fields(file=file, path="inhibit", book=book))),
        unanswered=_unanswered(answers),
        assess_within=minutes(answers, "within_min", 15, low=1, high=LONGEST_MIN),
        false_reasons=_reasons(all_fields(file=file, path="false_reason", book=book)),
        fault_after=bounded_integer(device, "fault_after", plain.fault_after, 1, 100),
        fault_within=timedelta(days=bounded(device, "fault_within_days", 7, 1, MOST_DAYS)),
        device_category=device.text("category", ""),
        device_condition=device.optional("condition"),
        critical_condition=device.optional("critical_condition"),
        gateway_share=bounded(device, "gateway_share", plain.gateway_share, 0.01, 1),
    )
    answers.finish(also=("note_zh", "note_en"))
    device.finish(also=("note_zh", "note_en"))
    return rules


def _hazards(*, file: TomlFile, book: ProblemBook) -> dict[str, Hazard]:
    found: dict[str, Hazard] = {}
    groups = 0
    for fields in all_fields(file=file, path="hazard", book=book):
        group = None
        if fields.has("group"):
            inner = section_of(file=file, fields=fields, index=groups)
            group = _group(inner)
            groups += 1
        hazard = _hazard(fields, group)
        _once(fields, "hazard", hazard.id)
        fields.finish(also=("note_zh", "note_en"))
        found[hazard.id] = hazard
    return found


def section_of(*, file: TomlFile, fields: Fields, index: int) -> Fields:
    """Return the fields of a hazard's ``[hazard.group]``, the n-th of the file."""
    data = fields.data["group"]
    if not isinstance(data, dict):
        zh, en = "group 应写作表 [hazard.group]", "group must be a table [hazard.group]"
        fields.problem("group", code="wrong_value", zh=zh, en=en)
        data = {}
    return fields_of(file=file, path="hazard.group", index=index, data=data, book=fields.book)


def _hazard(fields: Fields, group: GroupRule | None) -> Hazard:
    return Hazard(
        id=fields.text("id"),
        name_zh=fields.text("name_zh"),
        name_en=fields.text("name_en"),
        citizen_categories=fields.texts("citizen_categories"),
        radius_m=bounded(fields, "radius_m", 200, 0, MOST_METRES),
        window=minutes(fields, "window_min", 30, high=LONGEST_MIN),
        release_hold=minutes(fields, "release_hold_min", 10, high=LONGEST_MIN),
        group=group,
    )


def _group(fields: Fields) -> GroupRule:
    rule = GroupRule(
        area=_area(fields),
        count=bounded_integer(fields, "count", 5, 2, 1000),
        window=minutes(fields, "window_min", 10, low=1, high=LONGEST_MIN),
        wait=seconds(fields, "wait_s", 30, high=600),
        interval=minutes(fields, "interval_min", 5, low=1, high=LONGEST_MIN),
        repeat=minutes(fields, "repeat_min", 60, low=1, high=LONGEST_MIN),
        category=fields.text("category"),
        condition=fields.optional("condition"),
    )
    if rule.repeat < rule.interval:
        zh, en = "repeat_min 应不小于 interval_min", "repeat_min must not be below interval_min"
        fields.problem("repeat_min", code="wrong_value", zh=zh, en=en)
    fields.finish(also=("note_zh", "note_en"))
    return rule


def _inhibitions(tables: Iterable[Fields]) -> Iterable[Inhibition]:
    for fields in tables:
        rule = Inhibition(
            id=fields.text("id"),
            name_zh=fields.text("name_zh"),
            name_en=fields.text("name_en"),
            categories=fields.texts("categories"),
            area=_area(fields),
        )
        if not rule.categories:
            fields.problem(None, code="selects_nothing", zh="须写明 categories", en="it must name categories")
        _once(fields, "inhibit", rule.id)
        fields.finish(also=("note_zh", "note_en"))
        yield rule


def _area(fields: Fields) -> Level:
    level = fields.choice("area", Level, Level.STREET)
    if level not in AREAS:
        names = "、".join(one.name.lower() for one in AREAS)
        zh, en = f"area 应为 {names} 之一", f"area must be one of {names}"
        fields.problem("area", code="wrong_value", zh=zh, en=en)
        return Level.STREET
    return level


def _unanswered(fields: Fields) -> dict[int, Unanswered]:
    found = {
        severity: fields.choice(f"severity_{severity}", Unanswered, default)
        for severity, default in FAIL_SAFE.items()
    }
    if found[1] is not Unanswered.TRUE:
        zh = "严重程度 1 的报警无人研判时必须按属实处理"
        en = "an alarm of severity 1 that nobody assesses counts as true, always"
        fields.problem("severity_1", code="not_fail_safe", zh=zh, en=en)
    return found


def _reasons(tables: Iterable[Fields]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for fields in tables:
        code = fields.text("code")
        _once(fields, "false_reason", code, key="code")
        found[code] = (fields.text("zh"), fields.text("en"))
        fields.finish()
    return found


def _once(fields: Fields, thing: str, name: str, *, key: str = "id") -> None:
    if not fields.book.wrote(thing, name, fields.where(key)):
        fields.problem(key, code=f"duplicate_{thing}", zh=f"“{name}”重复", en=f"{thing} {name!r} twice")


def check_alarms(*, pack: CityPack, book: ProblemBook) -> None:
    """Report categories and filing conditions of the alarm rules that the catalogue does not have."""
    for hazard in pack.alarms.hazards.values():
        where = book.where("hazard", hazard.id)
        _check_globs(hazard.citizen_categories, pack=pack, where=where, book=book)
        if hazard.group is not None:
            group = hazard.group
            refer(pack=pack, category=group.category, condition=group.condition, where=where, book=book)
    for rule in pack.alarms.inhibitions:
        _check_globs(rule.categories, pack=pack, where=book.where("inhibit", rule.id), book=book)
    _check_device(pack=pack, book=book)
    if pack.alarms.hazards and not pack.alarms.false_reasons:
        zh, en = (
            "没有误报原因 [[false_reason]]",
            "there is no [[false_reason]]: no alarm could be called false",
        )
        book.add(where=(FILE, 1), code="no_false_reason", zh=zh, en=en)


def _check_device(*, pack: CityPack, book: ProblemBook) -> None:
    rules = pack.alarms
    if not rules.device_category:
        if pack.profiles:
            zh, en = (
                "设备故障没有类别:[device] category",
                "faults of devices have no category: [device] category",
            )
            book.add(where=(FILE, 1), code="no_device_category", zh=zh, en=en)
        return
    for condition in (rules.device_condition, rules.critical_condition):
        refer(pack=pack, category=rules.device_category, condition=condition, where=(FILE, 1), book=book)


def _check_globs(
    patterns: Iterable[str], *, pack: CityPack, where: tuple[str, int], book: ProblemBook
) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(code, pattern) for code in pack.catalogue):
            zh, en = f"类别“{pattern}”不在目录中", f"no category matches {pattern!r}"
            book.add(where=where, code="unknown_category", zh=zh, en=en)
