"""What a city's pack says about one alarm: its times, who assesses it, what its case is told.

Reference: domain.md §5. A severity 1 alarm nobody answers counts as true whatever the pack
says (``domain.alarm_rules``); 2 does so where the pack says nothing; of 3 and 4 the
assessment goes on to the next assessor.
"""

from dataclasses import replace
from datetime import timedelta

from domain.actor import ENGINE
from domain.alarm import ALARM_ENDED, ALARM_SOURCE, WITH_READINGS, Alarm, AlarmPhase
from domain.alarm_life import AlarmTimes
from domain.beginning import Begin
from domain.clock import due
from domain.hazard import Unanswered
from domain.messages import Command
from domain.messages_alarm import AlarmChanged
from domain.messages_command import Regrade
from domain.pack import COMMAND, CityPack
from domain.place import Level, ReportedPlace
from domain.report import NewReport
from store.rows_alarms import FalseAlarms
from usecases.city import City
from usecases.place_and_owner import Question, answer, top_unit

ASSESS = "assess"
"""The milestone of a filing condition that says how long a duty officer has (研判)."""
FAIL_SAFE = 2
"""The mildest severity of which silence means true where the pack says nothing."""
MAY_BE_WORSE = frozenset({"linked", "warning", "worse", "regraded"})
"""Words with which an alarm may be worse than the case about it."""
HOLD = timedelta(minutes=10)
"""How long readings of a hazard the pack does not know must be back in band before a release."""
DOUBTED = 0.25
"""The confidence alarms of a device begin with that gives one false alarm after the other."""
TRUSTED = 0.5


def times_of(*, pack: CityPack, alarm: Alarm) -> AlarmTimes:
    """Return an alarm's times. LookupError for a pack without a command centre at city level."""
    hazard = pack.alarms.hazards.get(alarm.hazard)
    group = hazard.group if hazard is not None else None
    silence = Unanswered.TRUE if alarm.severity <= FAIL_SAFE else Unanswered.ESCALATE
    return AlarmTimes(
        assess=assess_within(pack=pack, alarm=alarm),
        wait=group.wait if group is not None and alarm.severity > 1 else timedelta(),
        hold=hazard.release_hold if hazard is not None else HOLD,
        unanswered=pack.alarms.unanswered.get(alarm.severity, silence),
        assessors=assessors_of(pack=pack, alarm=alarm),
        interval=group.interval if group is not None else timedelta(),
        repeat=group.repeat if group is not None else timedelta(),
    )


def assess_within(*, pack: CityPack, alarm: Alarm) -> timedelta | None:
    """Return how long a duty officer has to answer; None where the automatic checks suffice.

    The limit is that of the filing condition's milestone ``assess``, on the city's calendar.
    """
    category = pack.catalogue.get(alarm.category)
    if category is None:
        return pack.alarms.assess_within
    known = {condition.code for condition in category.conditions}
    condition = category.condition(alarm.condition if alarm.condition in known else None)
    for milestone in condition.milestones:
        if milestone.code == ASSESS:
            found = due(start=alarm.raised_at, limit=milestone.limit, calendar=pack.calendar)
            return found.at - alarm.raised_at
    return None


def assessors_of(*, pack: CityPack, alarm: Alarm) -> tuple[str, ...]:
    """Return who is asked: the command centre of the district, then the city's."""
    district = dict(alarm.chain).get("district", "")
    near = pack.tree.responsible(kind=COMMAND, level=Level.DISTRICT, area_code=district) if district else None
    return tuple(dict.fromkeys((*((near.code,) if near is not None else ()), top_unit(pack))))


def in_band(alarm: Alarm) -> bool:
    """Tell whether nothing about the alarm keeps its case from being closed as solved.

    One without readings never does: that its case was checked on site is how it ends.
    """
    ended = alarm.phase in ALARM_ENDED or alarm.phase is AlarmPhase.MERGED
    return ended or alarm.current is None or alarm.origin not in WITH_READINGS


def words_to_case(*, city: City, alarm: Alarm, case_no: str, word: str) -> tuple[Command, ...]:
    """Return the commands a ``TellCase`` stands for: the alarm's word and, where it is worse than the case, a regrade.

    They hold fixed request ids: the same step told twice is taken once.
    """
    told = AlarmChanged(
        request_id=f"alarm:{alarm.alarm_no}:{alarm.seq}:{case_no}",
        actor=ENGINE,
        alarm_no=alarm.alarm_no,
        phase=alarm.phase.value,
        severity=alarm.severity,
        current_in_band=in_band(alarm),
        reason=word,
        seq=alarm.seq,
        children=alarm.children,
    )
    view = city.store.case(case_no=case_no) if word in MAY_BE_WORSE else None
    if view is None or alarm.phase in ALARM_ENDED or alarm.severity >= view.severity:
        return (told,)
    return (told, _regrade(city=city, alarm=alarm, category=view.category, channel=view.channel))


def _regrade(*, city: City, alarm: Alarm, category: str, channel: str) -> Regrade:
    question = Question(
        reported=ReportedPlace(lon=alarm.lon, lat=alarm.lat),
        channel=channel,
        category=category,
        condition=alarm.condition,
        severity=alarm.severity,
        at=city.now(),
        by_hand=True,
    )
    return Regrade(
        request_id=f"alarm:{alarm.alarm_no}:{alarm.seq}:severity:{alarm.severity}",
        actor=ENGINE,
        severity=alarm.severity,
        reason=f"alarm {alarm.alarm_no}",
        rules=answer(grounds=city.grounds, question=question).rules,
    )


def about_alarm(*, city: City, report: NewReport, start: Begin) -> Begin:
    """Return what a case begins with that an alarm's report opens: the alarm's number, and whether it is out of band."""
    if report.source != ALARM_SOURCE or not report.source_no:
        return start
    alarm_no = report.source_no.partition("/")[0]
    alarm = city.store.alarm(alarm_no=alarm_no)
    return replace(start, alarm=alarm_no, alarm_out=alarm is not None and not in_band(alarm))


def confidence_of(*, pack: CityPack, false_alarms: FalseAlarms) -> float:
    """Return the confidence an alarm of this device begins with. It never decides whether one is heard."""
    return DOUBTED if false_alarms.recent >= pack.alarms.fault_after else TRUSTED
