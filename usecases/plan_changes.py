"""What a changed pack says differently from the one in force, item by item, in plain words."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from enum import Enum, IntEnum
from typing import Any

from domain.limit import Limit
from domain.org import UnitTemplate
from domain.pack import CityPack, Selector
from domain.place import Level
from domain.unit import Contact

SECTIONS: dict[str, str] = {
    "city": "城市 city",
    "channels": "渠道 channels",
    "locate": "定位 location",
    "merge": "并案 merging",
    "categories": "类别 categories",
    "conditions": "立案条件与时限 filing conditions and limits",
    "departments": "立案条件的主管部门 departments of filing conditions",
    "stages": "环节时限 stage limits",
    "escalation": "提级 escalation",
    "rulebook": "规则簿时限 limits of the rulebook",
    "check": "现场核查 checks on site",
    "calendar": "工作日历 working calendar",
    "units": "单位 units",
    "templates": "单位模板 unit templates",
    "areas": "区域 areas",
    "zones": "叠加区 overlays of areas",
    "routing": "派单规则 routing rules",
    "tags": "标签 tags",
    "overlays": "限时规则 temporary rules",
    "grid_classes": "网格等级 grid classes",
    "rotas": "值班表 rotas",
    "bursts": "集中爆发 bursts",
    "sources": "来源系统 sources",
    "profiles": "设备类型 types of devices",
    "hazards": "危害 hazards",
    "inhibitions": "压制规则 inhibition",
    "alarms": "报警规则 rules of alarms",
    "outlines": "区域边界 outlines of areas",
}
"""The parts of a pack in the order they are told."""
UNTOLD = frozenset({"version", "contacts", "conditions"})
"""Fields that say nothing by themselves (versions), are personal data, or have a section of their own."""
MOST_ITEMS = 12
"""Of a long list that changes, so many items are named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing that changes. ``before`` is None for what is new, ``after`` for what is gone.

    ``section`` is a key of ``SECTIONS``, ``name`` the item, ``field`` what of it ("" for all).
    """

    section: str
    name: str
    field: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.name} {self.after}".rstrip()
        if self.after is None:
            return f"- {self.name} {self.before}".rstrip()
        what = f"{self.name} {self.field}".strip()
        return f"~ {what}: {self.before} → {self.after}"


def changes(*, before: CityPack, after: CityPack) -> list[Change]:
    """Return every change, in the order of ``SECTIONS``. Outlines of areas are not looked at."""
    found: list[Change] = []
    for section, (old, new) in _parts(before, after).items():
        found += _keyed(section, old, new)
    found += _areas(before, after)
    order = list(SECTIONS)
    return sorted(found, key=lambda change: order.index(change.section))


Items = Mapping[str, Any]


def _parts(before: CityPack, after: CityPack) -> dict[str, tuple[Items, Items]]:
    old, new = _items(before), _items(after)
    return {section: (old[section], new[section]) for section in old}


def _items(pack: CityPack) -> dict[str, Items]:
    """Return a pack as named items by section."""
    severities = {f"{number} 级 severity {number}": policy for number, policy in pack.severities.items()}
    return {
        "city": {"": pack.city},
        "channels": pack.channels,
        "locate": {"": pack.locate},
        "merge": {"": pack.merge},
        "categories": {_category(pack, code): category for code, category in pack.catalogue.items()},
        "conditions": {
            f"{_category(pack, code)} {condition.code}": condition
            for code, category in pack.catalogue.items()
            for condition in category.conditions
        },
        "departments": {" ".join(key): value for key, value in pack.condition_departments.items()},
        "stages": {
            name: {"default_limit": policy.default_limit, **_named(policy.stages)}
            for name, policy in severities.items()
        },
        "escalation": {name: policy.escalation for name, policy in severities.items()},
        "rulebook": {name: policy.book for name, policy in severities.items() if policy.book is not None},
        "check": {"": {"check_on_site": pack.check}},
        "calendar": {"": pack.calendar},
        "units": {unit.code: unit for unit in pack.tree.explicit},
        "templates": {_template(template): template for template in pack.tree.templates},
        "zones": pack.zones,
        "routing": {rule.id: rule for rule in pack.rules},
        "tags": {tag.rule.tag: tag for tag in pack.tags},
        "overlays": {overlay.id: overlay for overlay in pack.overlays},
        "grid_classes": {one.name: one for one in pack.grid_classes},
        "rotas": {rota.name: rota for rota in pack.rotas},
        "bursts": {rule.id: rule for rule in pack.bursts},
        "sources": {source.name: source for source in pack.sources},
        "profiles": pack.profiles,
        "hazards": pack.alarms.hazards,
        "inhibitions": {rule.id: rule for rule in pack.alarms.inhibitions},
        "alarms": {"": replace(pack.alarms, hazards={}, inhibitions=())},
    }


def _category(pack: CityPack, code: str) -> str:
    return f"{code} {pack.catalogue[code].name_zh}"


def _template(template: UnitTemplate) -> str:
    return f"{template.kind}@{template.level.name.lower()}"


def _named(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}


def _keyed(section: str, old: Items, new: Items) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change(section=section, name=name, field="", before=_title(old[name]), after=None)
        elif name not in old:
            yield Change(section=section, name=name, field="", before=None, after=_title(new[name]))
        elif old[name] != new[name]:
            yield from _differing(section, name, old[name], new[name])


def _differing(section: str, name: str, old: Any, new: Any) -> Iterator[Change]:
    flat_old, flat_new = dict(_flat("", old)), dict(_flat("", new))
    for field in sorted(flat_old.keys() | flat_new.keys()):
        before, after = flat_old.get(field), flat_new.get(field)
        if before != after:
            said, says = _pair(before, after)
            yield Change(section=section, name=name, field=field, before=said, after=says)
    if _contacts(old) != _contacts(new):
        yield Change(section=section, name=name, field="contacts", before="…", after="…")


def _contacts(value: Any) -> tuple[Contact, ...]:
    return tuple(getattr(value, "contacts", ()))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Take a value apart to what is written in a line; a limit and a selector are such."""
    if isinstance(value, Limit | Selector) or not (is_dataclass(value) or isinstance(value, Mapping)):
        yield path, value
        return
    parts = value if isinstance(value, Mapping) else _named(value)
    for name, part in parts.items():
        if name not in UNTOLD:
            yield from _flat(f"{path}.{name}".lstrip("."), part)


def _pair(before: Any, after: Any) -> tuple[str, str]:
    """Say two values; of two lists only what one of them has and the other has not."""
    if isinstance(before, Collection) and isinstance(after, Collection) and not isinstance(before, str):
        ours, theirs = [text(one) for one in before], [text(one) for one in after]
        gone, come = _without(ours, theirs), _without(theirs, ours)
        if gone or come:
            return _few(gone), _few(come)
    return text(before), text(after)


def _without(these: list[str], those: list[str]) -> list[str]:
    return sorted(set(these) - set(those))


def _few(items: list[str]) -> str:
    more = f" … ({len(items)})" if len(items) > MOST_ITEMS else ""
    return (", ".join(items[:MOST_ITEMS]) + more) or "–"


def text(value: Any) -> str:
    """Return a value of a pack as its editors write it."""
    if value is None:
        return "–"
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, Limit | Selector | type):
        return " ".join(f"{name}={text(part)}" for name, part in _flat("", value))
    if isinstance(value, Collection) and not isinstance(value, str):
        return ", ".join(text(one) for one in value) or "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _title(value: Any) -> str:
    """Return what an item is called that is new or gone, with its limit where it has one."""
    names = [getattr(value, "name_zh", "") or getattr(value, "note_zh", "")]
    limit = getattr(value, "limit", None)
    return " ".join(part for part in (*names, str(limit) if isinstance(limit, Limit) else "") if part)


def _areas(before: CityPack, after: CityPack) -> Iterator[Change]:
    """Tell areas by level, since one new street brings hundreds of grids."""
    for level in Level:
        old = {area.code: area for area in before.areas.at(level)}
        new = {area.code: area for area in after.areas.at(level)}
        come, gone = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
        changed = sorted(code for code in old.keys() & new.keys() if old[code] != new[code])
        name = level.name.lower()
        if come:
            yield Change(section="areas", name=name, field="", before=None, after=_few(come))
        if gone:
            yield Change(section="areas", name=name, field="", before=_few(gone), after=None)
        for code in changed[:MOST_ITEMS]:
            yield from _differing("areas", f"{name} {code}", old[code], new[code])
        if len(changed) > MOST_ITEMS:
            more = f"{len(changed) - MOST_ITEMS} more"
            yield Change(section="areas", name=name, field="", before=more, after=more)
