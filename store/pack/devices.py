"""``devices.toml``: types of devices, what they measure, and from which reading on it is an alarm."""

from collections.abc import Iterator, Mapping
from math import inf

from domain.catalogue import Category
from domain.device import AlarmLimit, DeviceProfile, LevelDirection, Trip
from domain.pack import CityPack
from store.pack.bounds import bounded, bounded_integer, minutes, seconds
from store.pack.fields import Fields, all_fields, fields_of
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

FILE = "devices.toml"
TABLE = "profile"
LONGEST_MIN = 7 * 24 * 60.0
LONGEST_HOLD_S = 24 * 3600.0
MOST_READINGS = 20
"""How many of the last readings a limit may look at: they are remembered of every device."""
MOST_LEVELS = 9
MOST_FLAPS = 20
_LIMIT = f"{TABLE}.limit"


def read_profiles(
    *, file: TomlFile, catalogue: Mapping[str, Category], book: ProblemBook
) -> dict[str, DeviceProfile]:
    """Read every ``[[profile]]`` with its ``[[profile.limit]]``.

    Problems: an id twice; a limit whose reset lies on its dangerous side, that no plausible
    reading reaches, or that is milder although it lies further out; levels without a direction.
    """
    found: dict[str, DeviceProfile] = {}
    seen = 0
    for fields in all_fields(file=file, path=TABLE, book=book):
        inner = [
            fields_of(file=file, path=_LIMIT, index=seen + n, data=table, book=book)
            for n, table in enumerate(fields.tables("limit"))
        ]
        seen += len(inner)
        profile = _profile(fields, limits=tuple(_limit(one) for one in inner), catalogue=catalogue)
        _check_limits(profile, inner)
        _check_profile(profile, fields)
        if not book.wrote(TABLE, profile.id, fields.where("id")):
            zh, en = f"“{profile.id}”重复", f"profile {profile.id!r} twice"
            fields.problem("id", code="duplicate_profile", zh=zh, en=en)
        fields.finish(also=("note_zh", "note_en"))
        found[profile.id] = profile
    return found


def _profile(
    fields: Fields, *, limits: tuple[AlarmLimit, ...], catalogue: Mapping[str, Category]
) -> DeviceProfile:
    code = fields.text("category")
    category = catalogue.get(code)
    return DeviceProfile(
        id=fields.text("id"),
        name_zh=fields.text("name_zh"),
        name_en=fields.text("name_en"),
        category=code,
        hazard=fields.text("hazard"),
        metric=fields.text("metric", ""),
        unit=fields.text("unit", ""),
        limits=limits,
        lowest=fields.number("lowest") if fields.has("lowest") else None,
        highest=fields.number("highest") if fields.has("highest") else None,
        levels=bounded_integer(fields, "levels", 0, 0, MOST_LEVELS),
        direction=fields.choice("direction", LevelDirection, LevelDirection.ONE_IS_WORST),
        severity=bounded_integer(fields, "severity", 2 if category is None else category.severity, 1, 4),
        condition=fields.optional("condition"),
        heartbeat=minutes(fields, "heartbeat_min", 0, high=LONGEST_MIN),
        misses=bounded(fields, "misses", 3.0, 1, 100),
        flaps=bounded_integer(fields, "flaps", 2, 0, MOST_FLAPS),
        flap_window=minutes(fields, "flap_window_min", 30, low=1, high=LONGEST_MIN),
        critical=fields.flag("critical"),
    )


def _limit(fields: Fields) -> AlarmLimit:
    value = fields.number("value")
    of = bounded_integer(fields, "of", 1, 1, MOST_READINGS)
    limit = AlarmLimit(
        severity=bounded_integer(fields, "severity", None, 1, 4),
        trip=fields.choice("trip", Trip),
        value=value,
        reset=fields.number("reset"),
        hold=seconds(fields, "hold_s", 0, high=LONGEST_HOLD_S),
        samples=bounded_integer(fields, "samples", 1, 1, of),
        of=of,
        condition=fields.optional("condition"),
    )
    fields.finish(also=("note_zh", "note_en"))
    return limit


def limit_faults(
    *, limit: AlarmLimit, lowest: float | None, highest: float | None
) -> Iterator[tuple[str, str, str, str]]:
    """Yield key, code and both sentences of what is wrong with one limit by itself."""
    below = limit.trip is Trip.BELOW
    if limit.reset < limit.value if below else limit.reset > limit.value:
        zh = f"reset {limit.reset:g} 在 value {limit.value:g} 的危险一侧,报警不会解除"
        en = f"reset {limit.reset:g} is on the dangerous side of value {limit.value:g}: the alarm would not end"
        yield "reset", "reset_unsafe", zh, en
    if limit.trip in {Trip.RISE, Trip.FALL}:
        if limit.value <= 0:
            zh, en = "每分钟变化量应大于 0", "a change per minute must be above 0"
            yield "value", "wrong_value", zh, en
        return
    low, high = (-inf if lowest is None else lowest), (inf if highest is None else highest)
    if not low <= limit.value <= high:
        zh = f"{limit.value:g} 不在量程 {low:g} 至 {high:g} 内:到此值算设备故障,不会报警"
        en = f"{limit.value:g} is not within {low:g} … {high:g}: such a reading is a fault of the device, no alarm"
        yield "value", "limit_never_trips", zh, en


def _check_limits(profile: DeviceProfile, inner: list[Fields]) -> None:
    for limit, fields in zip(profile.limits, inner, strict=True):
        for key, code, zh, en in limit_faults(limit=limit, lowest=profile.lowest, highest=profile.highest):
            fields.problem(key, code=code, zh=zh, en=en)
        worse = [other for other in profile.limits if _beyond(limit, other)]
        if worse:
            zh = f"严重程度 {limit.severity} 的限值不应比 {worse[0].severity} 的更危险,是否颠倒了级别方向?"
            en = (
                f"a limit of severity {limit.severity} lies further out than one of {worse[0].severity}:"
                " are the levels the wrong way round?"
            )
            fields.problem("severity", code="limits_out_of_order", zh=zh, en=en)


def _beyond(limit: AlarmLimit, other: AlarmLimit) -> bool:
    """Tell whether a limit is milder than another of its kind although it is reached later."""
    if limit.trip is not other.trip or limit.severity <= other.severity:
        return False
    further = other.value - limit.value if limit.trip is Trip.BELOW else limit.value - other.value
    return further > 0 or (not further and limit.hold >= other.hold and limit.samples >= other.samples)


def _check_profile(profile: DeviceProfile, fields: Fields) -> None:
    if profile.levels > 1 and not fields.has("direction"):
        zh, en = (
            "有 levels 就须写明 direction:1 级是最重还是最轻",
            "with levels, direction must say what level 1 is",
        )
        fields.problem("levels", code="no_direction", zh=zh, en=en)
    if profile.lowest is not None and profile.highest is not None and profile.lowest >= profile.highest:
        fields.problem(
            "lowest", code="wrong_value", zh="lowest 应小于 highest", en="lowest must be below highest"
        )
    if profile.limits and not (profile.unit and profile.metric):
        zh, en = "有限值就须写明 metric 与 unit", "with limits, metric and unit must be named"
        fields.problem(None, code="no_unit", zh=zh, en=en)


def check_profiles(*, pack: CityPack, book: ProblemBook) -> None:
    """Report categories, filing conditions and hazards of profiles that nothing answers to."""
    for profile in pack.profiles.values():
        where = book.where(TABLE, profile.id)
        if profile.hazard not in pack.alarms.hazards:
            zh = f"危害“{profile.hazard}”不在 alarms.toml 中"
            en = f"no hazard {profile.hazard!r} in alarms.toml"
            book.add(where=where, code="unknown_hazard", zh=zh, en=en)
        conditions = {limit.condition for limit in profile.limits} | {profile.condition}
        refer(pack=pack, category=profile.category, condition=None, where=where, book=book)
        for condition in sorted(one for one in conditions if one and profile.category in pack.catalogue):
            refer(pack=pack, category=profile.category, condition=condition, where=where, book=book)


def refer(
    *, pack: CityPack, category: str, condition: str | None, where: tuple[str, int], book: ProblemBook
) -> None:
    """Report a category, or a filing condition of it, that the catalogue does not have."""
    known = pack.catalogue.get(category)
    if known is None:
        zh, en = f"类别“{category}”不存在", f"category {category!r} does not exist"
        book.add(where=where, code="unknown_category", zh=zh, en=en)
    elif condition is not None and all(one.code != condition for one in known.conditions):
        zh = f"类别“{category}”没有立案条件“{condition}”"
        en = f"category {category!r} has no filing condition {condition!r}"
        book.add(where=where, code="unknown_condition", zh=zh, en=en)
