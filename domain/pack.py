"""A city pack in memory: everything that makes one city different from another, as data.

The store reads it from a folder (``store.pack``), routing indexes it, use cases pin the part
a case needs (``domain.policy.CaseRules``). Nothing here knows a particular city.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from domain.burst import BurstRule
from domain.calendar import WorkCalendar
from domain.catalogue import Category
from domain.desk import NO_AIDS, DeskAids
from domain.device import DeviceProfile
from domain.hazard import AlarmRules
from domain.limit import Limit
from domain.named_place import NamedPlace
from domain.open311 import Open311Settings
from domain.org import AreaTable, OrgTree
from domain.overlay import GridClass, RuleOverlay
from domain.place import Crs, Level
from domain.policy import CheckRule, SeverityPolicy, TagRule
from domain.rota import Rota
from domain.source import Source

NO_ALARM_RULES = AlarmRules()
NO_OPEN311 = Open311Settings()
COMMAND = "COMMAND"
COMMUNITY = "COMMUNITY"
GRID = "GRID"
PEER = "PEER"
"""Who a case may be handed to outside the city's own tree (110, 119, 120, 122, another city), by code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackProblem:
    """Something wrong in a pack, in words its editors understand.

    ``file`` is relative to the pack's folder, ``line`` counts from 1 (0 = the whole file);
    ``code`` is stable for tests and tools; ``warning`` marks what does not stop the pack
    from being used.
    """

    file: str
    line: int
    code: str
    zh: str
    en: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.zh} / {self.en} [{self.code}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class CityFacts:
    """Names and frame of a city.

    ``bbox`` is west, south, east, north in WGS-84 degrees; ``metric_epsg`` a projected
    system in metres for distances; ``notice_*`` is shown wherever areas are synthetic;
    a decision with a confidence below ``confirm_below`` (0–1) waits for a dispatcher;
    ``calling_code`` is what telephone numbers of the country begin with abroad (86).
    """

    code: str
    name_zh: str
    name_en: str
    languages: tuple[str, ...]
    timezone: str
    release: str
    bbox: tuple[float, float, float, float]
    metric_epsg: int
    notice_zh: str = ""
    notice_en: str = ""
    confirm_below: float = 0.5
    calling_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A way reports come in, with its declared coordinate system.

    ``kind`` is hotline, web, app, patrol, sensor or open311; ``placeholder_points`` are
    (lon, lat) pairs in that system which this channel writes when it knows no place.
    """

    name: str
    crs: Crs
    kind: str
    placeholder_points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LocateSettings:
    """Tolerances of location in metres, and when a repeated point is taken for a placeholder."""

    nearest_m: float = 200.0
    near_border_m: float = 15.0
    placeholder_share: float = 0.005
    placeholder_min: int = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeSettings:
    """Duplicates: same category within these metres and hours; 0 switches a rule off."""

    auto_m: float = 0.0
    propose_m: float = 0.0
    hours: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatSettings:
    """Repetitions: same category within these metres, and natural days after a closing (row 39); 0 is off.

    ``demand_days`` and ``demand_metres`` are for the same caller and category while the case is open.
    """

    metres: float = 50.0
    days: int = 15
    demand_metres: float = 500.0
    demand_days: int = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneLayer:
    """One kind of overlay and the categories it takes over from the civil areas below it.

    ``categories`` are exact codes or globs; ``narrowed`` replaces them for single overlays
    whose bodies run less than the others.
    """

    kind: str
    precedence: int
    categories: tuple[str, ...]
    narrowed: Mapping[str, tuple[str, ...]]

    def takes(self, *, zone: str, category: str) -> bool:
        """Tell whether this overlay answers for the category."""
        return any(fnmatchcase(category, p) for p in self.narrowed.get(zone, self.categories))


@dataclass(frozen=True, kw_only=True, slots=True)
class Selector:
    """How a rule names a unit: one by its code, or a department kind at a level.

    ``level`` None with a kind means the level at which the case enters.
    """

    unit: str | None = None
    kind: str | None = None
    level: Level | None = None

    def __str__(self) -> str:
        if self.unit is not None:
            return f"unit:{self.unit}"
        return f"dept:{self.kind}@{self.level.name.lower() if self.level else 'entry'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingRule:
    """One line of the dispatch catalogue (派单目录). Empty match fields match everything.

    ``categories`` are exact codes or globs; ``department`` is the leading department type of
    the category or of its filing condition; ``severity_at_most`` 2 means severities 1 and 2;
    the area fields are codes; ``hours`` are minutes from local midnight, from included to
    excluded, across midnight when from > to. ``co`` None means the co-handlers the catalogue
    names, an empty tuple means none.
    """

    id: str
    lead: Selector
    note_zh: str = ""
    note_en: str = ""
    categories: tuple[str, ...] = ()
    condition: str | None = None
    department: str | None = None
    severity_at_most: int | None = None
    district: str | None = None
    street: str | None = None
    community: str | None = None
    grid: str | None = None
    zone: str | None = None
    channel: str | None = None
    tag: str | None = None
    hours: tuple[int, int] | None = None
    co: tuple[Selector, ...] | None = None
    copy_to: tuple[Selector, ...] = ()
    level: Level | None = None
    limit: Limit | None = None

    @property
    def matches_everything(self) -> bool:
        """Tell whether no field demands anything: the safety net of a dispatch catalogue."""
        demands = (
            self.categories, self.condition, self.department, self.severity_at_most, self.district, self.street,
            self.community, self.grid, self.zone, self.channel, self.tag, self.hours,
        )  # fmt: skip
        return not any(demand for demand in demands)


@dataclass(frozen=True, kw_only=True, slots=True)
class CityTag:
    """A tag the city knows: what it does, its names, and how it gets onto a report.

    ``aliases`` are other ways channels write it; a report whose text holds one of the
    ``words`` gets the tag when it is filed.
    """

    rule: TagRule
    name_zh: str
    name_en: str
    aliases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CityPack:
    """A whole pack. ``version`` names its release and the hash of its files' content.

    ``condition_departments`` holds the department types of single filing conditions, by
    (category code, condition code), where they differ from the category's own: the same
    subject has different owners by condition (a fallen power or telecom cable). ``readings``
    tell how the city speaks parts of its names (text → syllables), where that is no dictionary's.
    """

    city: CityFacts
    channels: Mapping[str, Channel]
    locate: LocateSettings
    merge: MergeSettings
    areas: AreaTable
    zones: Mapping[str, ZoneLayer]
    catalogue: Mapping[str, Category]
    condition_departments: Mapping[tuple[str, str], tuple[str, ...]]
    tree: OrgTree
    rules: tuple[RoutingRule, ...]
    severities: Mapping[int, SeverityPolicy]
    check: CheckRule
    calendar: WorkCalendar
    version: str
    tags: tuple[CityTag, ...] = ()
    overlays: tuple[RuleOverlay, ...] = ()
    grid_classes: tuple[GridClass, ...] = ()
    rotas: tuple[Rota, ...] = ()
    bursts: tuple[BurstRule, ...] = ()
    repeat: RepeatSettings = RepeatSettings()
    open311: Open311Settings = NO_OPEN311
    profiles: Mapping[str, DeviceProfile] = field(default_factory=dict)
    alarms: AlarmRules = NO_ALARM_RULES
    sources: tuple[Source, ...] = ()
    places: tuple[NamedPlace, ...] = ()
    readings: Mapping[str, str] = field(default_factory=dict)
    desk: DeskAids = NO_AIDS

    def departments(self, *, category: Category, condition: str | None) -> tuple[str, ...]:
        """Return the department types of a category under a filing condition, the lead first."""
        key = (category.code, condition or category.conditions[0].code)
        return self.condition_departments.get(key, category.departments)
