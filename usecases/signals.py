"""Alarms of a city: a message is taken, a word is said, time passes. Each in one transaction, once.

``take`` is what ``usecases.ingest`` calls for every kept message; ``word`` is the desk's, the case's and
the citizens' way to an alarm; the rest is called by the relay again and again.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from domain.actor import ENGINE
from domain.alarm import ALARM_SOURCE, Alarm
from domain.alarm_life import AlarmWord, TellCase
from domain.command import CommandBase
from domain.correlate_said import NO_SPOT, DeviceKey, Spot
from domain.correlate_senses import Event
from domain.envelope import Envelope, EnvelopeKind, Unreadable
from domain.identifiers import RANDOM_BITS, number
from domain.messages_command import JoinParent
from domain.pack import CityPack
from domain.place import Crs, ReportedPlace
from domain.report import NewReport, Reporter
from store.alarm_writes import Writings
from store.rows_alarms import FalseAlarms
from store.rows_intake import InboundRow
from store.signal_ground import AlarmCity
from store.signals import AlarmRequest, Taken
from usecases.alarm_rules import confidence_of, times_of, words_to_case
from usecases.city import City
from usecases.place_and_owner import Question, locate

ALARM_PREFIX = "ALM-"
"""Tells the number of an alarm from that of a case."""
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
SENSOR = "sensor"
"""The kind of channel that machines report through."""
WHY_ZH = {
    "severity_1": "一级报警,立即处置",
    "automatic": "自动核验通过",
    "unanswered": "研判超时,按属实处理",
    "worse": "报警升级",
    "relapse": "再次超限",
    "assessed": "研判属实",
    "corroborated": "市民报告印证",
    "regraded": "人工调整等级",
}
_ENVELOPE = TypeAdapter(Envelope)
_PLACED = frozenset({EnvelopeKind.ALARM, EnvelopeKind.CLEAR, EnvelopeKind.WARNING})


def take(*, city: City, message: InboundRow, found: Sequence[Envelope | Unreadable]) -> Taken:
    """Take a claimed message's parts with all they cause, in the transaction that settles it.

    Raises the store's own errors; nothing was written then.
    """
    events = [_event(city, one) for one in found if isinstance(one, Envelope)]
    dead = [one for one in found if isinstance(one, Unreadable)]
    return city.store.take_message(message=message, events=events, dead=dead, city=alarm_city(city))


def word(*, city: City, alarm_no: str, word: AlarmWord, request: AlarmRequest | None = None) -> Alarm:
    """Say one word to one alarm with everything it owes; return the alarm as it is then.

    With a request (a person's) the same id again changes nothing. Raises UnableToFindAlarm,
    UnableToRepeat, and AlarmRefused for a word the alarm does not take.
    """
    return city.store.say_to_alarm(alarm_no=alarm_no, word=word, city=alarm_city(city), request=request)


def tell_alarms(*, city: City, case_no: str, word: AlarmWord) -> int:
    """Say a word to every open alarm about a case; return how many there are."""
    return city.store.tell_alarms(word=word, case_no=case_no, city=alarm_city(city))


def look_again(*, city: City, devices: Sequence[DeviceKey]) -> None:
    """Let devices (source, code) say how they stand: one that went out of service keeps no alarm open."""
    city.store.look_again(devices=devices, city=alarm_city(city))


def alarm_city(city: City) -> AlarmCity:
    """Return what the store needs of the city to fold words into alarms, as of now."""
    pack, now = city.pack, city.now()

    def fresh() -> str:
        day = now.astimezone(ZoneInfo(pack.city.timezone)).date()
        return number(day=day, random_bits=city.random_bits(RANDOM_BITS))

    return AlarmCity(
        rules=pack.alarms,
        profiles=pack.profiles,
        severities={code: category.severity for code, category in pack.catalogue.items()},
        inhibiting=_inhibiting(pack),
        times=lambda alarm: times_of(pack=pack, alarm=alarm),
        confidence=lambda recent: confidence_of(pack=pack, false_alarms=FalseAlarms(recent=recent)),
        citizens=_citizens(pack),
        people=tuple(name for name, channel in pack.channels.items() if channel.kind != SENSOR),
        number=lambda: ALARM_PREFIX + fresh(),
        case_number=fresh,
        writings=Writings(
            report=lambda alarm, why, happened, at: report_of(
                pack=pack, alarm=alarm, why=why, happened=happened, at=min(at, now)
            ),
            tell=lambda alarm, told: _told(city, alarm, told),
            join=_join,
        ),
        now=now,
    )


def report_of(*, pack: CityPack, alarm: Alarm, why: str, happened: datetime, at: datetime) -> NewReport:
    """Return the report that opens a case about an alarm: its place is the device's, in WGS-84.

    It is dated by when the word came that asks for it (``at``), however late that was read.
    """
    case_no = alarm.case_no or ""
    area = alarm.chain[-1][1] if alarm.chain else None
    return NewReport(
        case_no=case_no,
        report_no=case_no,
        source=ALARM_SOURCE,
        # An alarm may need a second case, after its first was closed: the fact that asks for it tells them apart.
        source_no=f"{alarm.alarm_no}/{alarm.seq}",
        channel=channel_of(pack=pack, source=alarm.source),
        category=alarm.category,
        condition=_condition(pack, alarm),
        description=_description(pack, alarm, why),
        reported=ReportedPlace(
            lon=alarm.lon, lat=alarm.lat, crs=Crs.WGS84, area_code=None if alarm.lon is not None else area
        ),
        reporter=Reporter(anonymous=True, wants_visit=False),
        severity=alarm.severity,
        exercise=alarm.exercise,
        occurred_at=min(happened, at),
        received_at=at,
        raw={"alarm": alarm.alarm_no, "device": alarm.device, "source": alarm.source},
    )


def channel_of(*, pack: CityPack, source: str) -> str:
    """Return the channel alarms of a source are filed under: one of kind sensor, LookupError without any."""
    own = pack.channels.get(source)
    if own is not None and own.kind == SENSOR:
        return source
    plain = [name for name, channel in pack.channels.items() if channel.kind == SENSOR]
    if not plain:
        raise LookupError("the pack has no channel of kind sensor")
    return SENSOR if SENSOR in plain else plain[0]


def _condition(pack: CityPack, alarm: Alarm) -> str | None:
    """Return the alarm's filing condition where its category has it, else the category's first."""
    category = pack.catalogue.get(alarm.category)
    known = {one.code for one in category.conditions} if category is not None else set()
    return alarm.condition if alarm.condition in known else None


def _description(pack: CityPack, alarm: Alarm, why: str) -> str:
    hazard = pack.alarms.hazards.get(alarm.hazard)
    zh = hazard.name_zh if hazard is not None else alarm.hazard
    en = hazard.name_en if hazard is not None else alarm.hazard
    lines = [
        (
            f"报警 {alarm.alarm_no}:{zh},{alarm.severity} 级({WHY_ZH.get(why, why)}) / "
            f"Alarm {alarm.alarm_no}: {en}, severity {alarm.severity} ({why})"
        ),
        alarm.title,
        alarm.text,
    ]
    if alarm.asset:
        lines.append(f"监测对象 / asset: {alarm.asset}")
    return "\n".join(line for line in lines if line)[:20_000]


def _inhibiting(pack: CityPack) -> dict[str, tuple[str, ...]]:
    return {rule.id: _codes(pack, rule.categories) for rule in pack.alarms.inhibitions}


def _citizens(pack: CityPack) -> dict[str, tuple[str, ...]]:
    found = {one.id: _codes(pack, one.citizen_categories) for one in pack.alarms.hazards.values()}
    return {hazard: codes for hazard, codes in found.items() if codes}


def _codes(pack: CityPack, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the catalogue's codes that exact codes or globs name."""
    return tuple(code for code in pack.catalogue if any(fnmatchcase(code, one) for one in patterns))


def _told(city: City, alarm: Alarm, told: TellCase) -> Sequence[CommandBase]:
    return words_to_case(city=city, alarm=alarm, case_no=told.case_no, word=told.word)


def _join(child: str, parent: str) -> CommandBase:
    return JoinParent(
        request_id=f"storm:{parent}:{child}",
        actor=ENGINE,
        parent=parent,
        mandatory=False,
        reason="storm",
        ancestors=(parent,),
    )


def _event(city: City, envelope: Envelope) -> Event:
    return Event(envelope=envelope, digest=digest_of(envelope), spot=_spot(city, envelope))


def digest_of(envelope: Envelope) -> str:
    """Return a digest of what is said, whenever and in whatever message it came."""
    said = replace(envelope, part=b"", received_at=envelope.occurred_at)
    if envelope.sent_at is not None:
        # The sender's clock is wrong, so that ``occurred_at`` is when it came.
        # Delivered sooner it would have been believed: that it came late is no part of what it says.
        said = replace(said, occurred_at=envelope.sent_at, received_at=envelope.sent_at, sent_at=None)
    elif envelope.occurred_at == envelope.received_at:
        # The sender said no time: when it came is no part of what it said.
        said = replace(said, occurred_at=NO_TIME, received_at=NO_TIME)
    return hashlib.sha256(_ENVELOPE.dump_json(said)).hexdigest()


def _spot(city: City, envelope: Envelope) -> Spot:
    """Return where an alarm that may have no device lies; what has a device stands where that stands."""
    place = envelope.place
    if envelope.kind not in _PLACED or (place.lon is None and not place.area_code and not place.address):
        return NO_SPOT
    question = Question(
        reported=place, channel="", category="", at=min(envelope.occurred_at, city.now()), by_hand=True
    )
    found = locate(grounds=city.grounds, question=question)
    chain = tuple((area.level.name.lower(), area.code) for area in found.chain)
    return Spot(lon=found.lon, lat=found.lat, chain=chain)
