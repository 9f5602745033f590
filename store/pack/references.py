"""Names in a pack that lead nowhere: areas, zones, units, departments, categories, channels."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from domain.catalogue import Category
from domain.pack import CityPack, RoutingRule, Selector
from domain.place import Level
from store.pack.problems import ProblemBook

_AREA_FIELDS = (
    ("district", Level.DISTRICT),
    ("street", Level.STREET),
    ("community", Level.COMMUNITY),
    ("grid", Level.GRID),
)


def check_references(*, pack: CityPack, book: ProblemBook) -> None:
    """Report every reference of catalogue, rules and zones that nothing answers to."""
    for category in pack.catalogue.values():
        _check_departments(category=category, pack=pack, book=book)
    for rule in pack.rules:
        _check_rule(rule=rule, pack=pack, book=book)
    _check_zones(pack=pack, book=book)


def _check_departments(*, category: Category, pack: CityPack, book: ProblemBook) -> None:
    where = book.where("category", category.code)
    _unknown_kinds(kinds=category.departments, where=where, pack=pack, book=book)
    for condition in category.conditions:
        kinds = pack.condition_departments.get((category.code, condition.code), ())
        where = book.where("condition", f"{category.code}/{condition.code}")
        _unknown_kinds(kinds=kinds, where=where, pack=pack, book=book)


def _unknown_kinds(
    *, kinds: Iterable[str], where: tuple[str, int], pack: CityPack, book: ProblemBook
) -> None:
    for kind in kinds:
        if kind not in pack.tree.kinds:
            book.add(
                where=where,
                code="unknown_department",
                zh=f"部门类型“{kind}”在组织树中没有单位",
                en=f"no unit of the organisation tree is of department type {kind!r}",
            )


def _check_rule(*, rule: RoutingRule, pack: CityPack, book: ProblemBook) -> None:
    where = book.where("rule", rule.id)
    for code, zh, en in _rule_problems(rule=rule, pack=pack):
        book.add(where=where, code=code, zh=f"规则“{rule.id}”:{zh}", en=f"rule {rule.id!r}: {en}")


def _rule_problems(*, rule: RoutingRule, pack: CityPack) -> Iterator[tuple[str, str, str]]:
    matched = [category for pattern in rule.categories for category in _matching(pattern, pack)]
    for pattern in rule.categories:
        if not _matching(pattern, pack):
            yield "unknown_category", f"类别“{pattern}”不在目录中", f"no category matches {pattern!r}"
    if rule.condition is not None and not _has_condition(rule.condition, matched or pack.catalogue.values()):
        zh, en = f"立案条件“{rule.condition}”不存在", f"filing condition {rule.condition!r} does not exist"
        yield "unknown_condition", zh, en
    if rule.department is not None and rule.department not in pack.tree.kinds:
        zh, en = f"部门类型“{rule.department}”没有单位", f"no unit is of department type {rule.department!r}"
        yield "unknown_department", zh, en
    if rule.severity_at_most is not None and rule.severity_at_most not in pack.severities:
        yield "wrong_value", "severity_at_most 应为 1–4", "severity_at_most must be 1 to 4"
    if rule.channel is not None and rule.channel not in pack.channels:
        zh, en = f"渠道“{rule.channel}”不存在", f"channel {rule.channel!r} does not exist"
        yield "unknown_channel", zh, en
    yield from _place_problems(rule=rule, pack=pack)
    for selector in (rule.lead, *(rule.co or ()), *rule.copy_to):
        yield from _selector_problems(selector=selector, pack=pack)


def _matching(pattern: str, pack: CityPack) -> list[Category]:
    return [category for code, category in pack.catalogue.items() if fnmatchcase(code, pattern)]


def _has_condition(code: str, categories: Iterable[Category]) -> bool:
    return any(condition.code == code for category in categories for condition in category.conditions)


def _place_problems(*, rule: RoutingRule, pack: CityPack) -> Iterator[tuple[str, str, str]]:
    for name, level in _AREA_FIELDS:
        code = getattr(rule, name)
        area = pack.areas.get(code) if code is not None else None
        if code is not None and (area is None or area.level != level):
            zh, en = f"{name}“{code}”不是该层级的区域", f"{name} {code!r} is no area of that level"
            yield "unknown_area", zh, en
    finest = rule.grid or rule.community or rule.street or rule.district
    inside = {area.code for area in pack.areas.lineage(finest)} if finest is not None else set()
    named = [code for code in (rule.district, rule.street, rule.community) if code is not None]
    if inside and not inside.issuperset(named):
        zh, en = (
            f"所限区域互不包含,不可能同时符合“{finest}”",
            f"its areas exclude each other: {finest!r} lies elsewhere",
        )
        yield "areas_exclude", zh, en
    if rule.zone is not None and pack.areas.zone(rule.zone) is None:
        yield "unknown_zone", f"功能区“{rule.zone}”不存在", f"zone {rule.zone!r} does not exist"


def _selector_problems(*, selector: Selector, pack: CityPack) -> Iterator[tuple[str, str, str]]:
    if selector.unit is not None and pack.tree.find(selector.unit) is None:
        yield "unknown_unit", f"单位“{selector.unit}”不存在", f"unit {selector.unit!r} does not exist"
    if selector.kind is not None and selector.kind not in pack.tree.kinds:
        zh, en = f"单位类型“{selector.kind}”没有单位", f"no unit is of kind {selector.kind!r}"
        yield "unknown_department", zh, en


def _check_zones(*, pack: CityPack, book: ProblemBook) -> None:
    for layer in pack.zones.values():
        where = book.where("zone", layer.kind)
        for pattern in (*layer.categories, *(p for patterns in layer.narrowed.values() for p in patterns)):
            if not _matching(pattern, pack):
                zh, en = f"功能区类别“{pattern}”不在目录中", f"no category matches {pattern!r} of the zones"
                book.add(where=where, code="unknown_category", zh=zh, en=en)
        for zone in layer.narrowed:
            if pack.areas.zone(zone) is None:
                zh, en = f"功能区“{zone}”不存在", f"zone {zone!r} does not exist"
                book.add(where=where, code="unknown_zone", zh=zh, en=en)
    if pack.areas.zones and not pack.zones:
        zh, en = "区域表有功能区,但没有 [[zones]]", "the area table has zones, but there is no [[zones]]"
        book.add(where=("city.toml", 1), code="unknown_zone", zh=zh, en=en)
    for area_code, runner in pack.tree.run_by.items():
        for code in (area_code, runner):
            if pack.areas.get(code) is None and pack.areas.zone(code) is None:
                zh, en = f"区域“{code}”不存在", f"area {code!r} does not exist"
                book.add(where=book.where("run_by", area_code), code="unknown_area", zh=zh, en=en)
