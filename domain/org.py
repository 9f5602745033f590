"""The organisation tree over a city's areas: explicit units and templates stamped on demand.

A large city has tens of thousands of grids with a worker each. Such units are written once,
as a template per level, and made when somebody asks for them, so that a pack loads in a
fraction of a second and a city's staff edit one entry instead of twenty thousand.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from domain.place import AreaRef, Level
from domain.unit import Contact, DutyHours, Unit


class UnableToStampUnit(ValueError):
    """A template names a placeholder that areas do not have, or its code is not reversible."""


PLACEHOLDERS = ("code", "name", "name_en", "parent", "parent_name", "owner")


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """One area without its geometry.

    ``parent`` is the code of the area above (None at the top); ``zone`` the code of the
    overlay that runs this area, for example a functional zone that runs a street of another
    district.
    """

    level: Level
    code: str
    name: str
    name_en: str = ""
    parent: str | None = None
    zone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """An overlay's code and names; its geometry is the business of the geo room."""

    code: str
    name: str
    name_en: str = ""


class AreaTable:
    """Every area of a city by its opaque code, with parents and children."""

    __slots__ = ("_by_level", "_rows", "_zones")

    def __init__(self, *, areas: Iterable[Area], zones: Iterable[Zone] = ()) -> None:
        self._rows: dict[str, Area] = {area.code: area for area in areas}
        self._zones: dict[str, Zone] = {zone.code: zone for zone in zones}
        self._by_level: dict[Level, tuple[Area, ...]] = {
            level: tuple(area for area in self._rows.values() if area.level == level) for level in Level
        }

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, code: str) -> Area | None:
        """Return the area of this code, or None."""
        return self._rows.get(code)

    def zone(self, code: str) -> Zone | None:
        """Return the overlay of this code, or None."""
        return self._zones.get(code)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Return every overlay, in the pack's order."""
        return tuple(self._zones.values())

    def at(self, level: Level) -> tuple[Area, ...]:
        """Return the areas of one level, in the pack's order."""
        return self._by_level[level]

    def lineage(self, code: str) -> tuple[Area, ...]:
        """Return the area and those above it, lowest first; empty for an unknown code.

        A pack with a cycle of parents is refused by its checker; here the walk just stops.
        """
        found: list[Area] = []
        area = self._rows.get(code)
        while area is not None and area not in found:
            found.append(area)
            area = self._rows.get(area.parent) if area.parent else None
        return tuple(found)

    def chain(self, code: str) -> tuple[AreaRef, ...]:
        """Return the area chain of a place, the city first, down to this area."""
        return tuple(AreaRef(level=a.level, code=a.code, name=a.name) for a in reversed(self.lineage(code)))


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitTemplate:
    """One unit for every area of a level.

    ``code``, ``name_zh``, ``name_en``, ``parent`` and the contacts' addresses may hold
    ``{code}``, ``{name}``, ``{name_en}``, ``{parent}`` and ``{parent_name}`` (of the area
    above) and ``{owner}``: the overlay or district that really runs the area. ``code`` must
    hold ``{code}`` exactly once and no other placeholder, so that a unit's code leads back
    to its area.
    """

    level: Level
    kind: str
    code: str
    name_zh: str
    name_en: str
    parent: str | None = None
    duty: DutyHours = DutyHours.WORK
    duty_list: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a template that cannot be stamped. Raises UnableToStampUnit."""
        addresses = (contact.address for contact in self.contacts)
        texts = (self.code, self.name_zh, self.name_en, self.parent or "", *addresses)
        try:
            for text in texts:
                text.format_map(dict.fromkeys(PLACEHOLDERS, ""))
        except (KeyError, ValueError, IndexError) as problem:
            raise UnableToStampUnit(f"unknown placeholder in template {self.code!r}: {problem}") from problem
        if self.code.count("{code}") != 1 or self.code.count("{") != 1:
            raise UnableToStampUnit(f"template code {self.code!r} must hold {{code}} once and nothing else")

    def area_of(self, unit_code: str) -> str | None:
        """Return the area code inside a unit's code, or None when it is not of this template."""
        before, _, after = self.code.partition("{code}")
        if not (unit_code.startswith(before) and unit_code.endswith(after)):
            return None
        return unit_code[len(before) : len(unit_code) - len(after)] or None


class OrgTree:
    """The units of a city: by code, by kind, level and area, and upwards.

    ``run_by`` maps an area without units of its own to the area or overlay whose units act
    for it (in Wuhan: the district Hannan is run by the economic development zone).
    An explicit unit beats a template for the same kind, level and area.
    """

    __slots__ = ("_areas", "_by_code", "_by_duty", "_run_by", "_templates")

    def __init__(
        self,
        *,
        areas: AreaTable,
        units: Iterable[Unit] = (),
        templates: Iterable[UnitTemplate] = (),
        run_by: Mapping[str, str] | None = None,
    ) -> None:
        self._areas = areas
        self._by_code: dict[str, Unit] = {unit.code: unit for unit in units}
        self._by_duty: dict[tuple[str, Level, str], Unit] = {}
        for unit in self._by_code.values():
            self._by_duty.setdefault((unit.kind, unit.level, unit.area_code), unit)
        self._templates: dict[tuple[str, Level], UnitTemplate] = {(t.kind, t.level): t for t in templates}
        self._run_by: dict[str, str] = dict(run_by or {})

    @property
    def areas(self) -> AreaTable:
        """Return the areas this tree stands on."""
        return self._areas

    @property
    def explicit(self) -> tuple[Unit, ...]:
        """Return the units written one by one in the pack."""
        return tuple(self._by_code.values())

    @property
    def templates(self) -> tuple[UnitTemplate, ...]:
        """Return the templates of the pack."""
        return tuple(self._templates.values())

    @property
    def run_by(self) -> Mapping[str, str]:
        """Return the areas that other areas' or overlays' units act for."""
        return self._run_by

    @property
    def kinds(self) -> frozenset[str]:
        """Return every kind that some unit of this city has."""
        return frozenset(u.kind for u in self._by_code.values()) | {kind for kind, _ in self._templates}

    def find(self, code: str) -> Unit | None:
        """Return the unit of this code, or None."""
        unit = self._by_code.get(code)
        if unit is not None:
            return unit
        for template in self._templates.values():
            area_code = template.area_of(code)
            area = self._areas.get(area_code) if area_code else None
            if area is not None and area.level == template.level:
                return self._stamp(template, area)
        return None

    def get(self, code: str) -> Unit:
        """Return the unit of this code. KeyError when there is none."""
        unit = self.find(code)
        if unit is None:
            raise KeyError(code)
        return unit

    def responsible(self, *, kind: str, level: Level, area_code: str) -> Unit | None:
        """Return the unit of this kind that answers for the area at exactly this level, or None."""
        unit = self._by_duty.get((kind, level, area_code))
        if unit is not None:
            return unit
        template = self._templates.get((kind, level))
        if template is not None:
            area = self._areas.get(area_code)
            if area is not None and area.level == level:
                return self._stamp(template, area)
        runner = self._run_by.get(area_code)
        return self._by_duty.get((kind, level, runner)) if runner else None

    def parents(self, code: str) -> tuple[Unit, ...]:
        """Return the units above this one, nearest first. KeyError for an unknown code."""
        found: list[Unit] = []
        seen = {code}
        above = self.get(code).parent
        while above is not None and above not in seen:
            seen.add(above)
            unit = self.find(above)
            if unit is None:
                break
            found.append(unit)
            above = unit.parent
        return tuple(found)

    def units(self) -> Iterator[Unit]:
        """Yield every unit of the city, explicit ones first. Tens of thousands in a large city."""
        yield from self._by_code.values()
        for template in self._templates.values():
            for area in self._areas.at(template.level):
                if (template.kind, template.level, area.code) not in self._by_duty:
                    yield self._stamp(template, area)

    def owner_of(self, area: Area) -> str:
        """Return what really runs an area: its overlay, its runner, or simply the area above."""
        above = area.parent or ""
        return area.zone or self._run_by.get(above) or above

    def _stamp(self, template: UnitTemplate, area: Area) -> Unit:
        parent = self._areas.get(area.parent) if area.parent else None
        words = {
            "code": area.code,
            "name": area.name,
            "name_en": area.name_en or area.name,
            "parent": area.parent or "",
            "parent_name": parent.name if parent else "",
            "owner": self.owner_of(area),
        }
        contacts = template.contacts
        if any("{" in contact.address for contact in contacts):
            contacts = tuple(
                Contact(channel=c.channel, address=c.address.format_map(words)) for c in template.contacts
            )
        return Unit(
            code=template.code.replace("{code}", area.code),
            name_zh=template.name_zh.format_map(words),
            name_en=template.name_en.format_map(words),
            kind=template.kind,
            level=template.level,
            area_code=area.code,
            parent=template.parent.format_map(words) if template.parent else None,
            duty=template.duty,
            duty_list=template.duty_list,
            contacts=contacts,
        )
