"""A citizen's report that says what an alarm says (domain.md §5.2): it joins, and raises the alarm's confidence.

It never suppresses anything: an alarm that waits for its assessment waits no longer, and a report
worse than the alarm's case is a case of its own.
"""

from datetime import datetime
from fnmatch import fnmatchcase

from domain.alarm import ALARM_SOURCE, Alarm
from domain.alarm_life import CaseTold, Corroborated
from domain.case import SETTLED, Status
from domain.hazard import Hazard
from domain.place import metres_between
from domain.report import NewReport
from store.rows_alarms import AlarmFilter
from store.signals import UnableToFindAlarm
from usecases import signals
from usecases.city import City
from usecases.duplicates import NONE_FOUND, POINT_METHODS, Duplicates
from usecases.place_and_owner import Answer


def join_alarm(*, city: City, report: NewReport, found: Answer) -> Duplicates:
    """Let a person's report join the nearest open alarm it is about; return the case it is part of then.

    Repeated for the same report it changes nothing more. One query, and only for categories
    that some hazard names.
    """
    alarm = _alarm_of(city, report, found)
    if alarm is None:
        return NONE_FOUND
    at = max(city.now(), report.received_at)
    said = Corroborated(at=at, report_no=report.report_no, case_no=report.case_no)
    before = alarm.case_no
    try:
        alarm = signals.word(city=city, alarm_no=alarm.alarm_no, word=said)
    except UnableToFindAlarm:
        return NONE_FOUND
    master = before or _parents_case(city, alarm)
    view = city.store.case(case_no=master) if master is not None else None
    if view is None or view.exercise or Status(view.status) in SETTLED or view.case_no == report.case_no:
        return NONE_FOUND
    if view.status == Status.RECEIVED.value:
        return NONE_FOUND  # not begun: it can take no report yet, and this one must not wait for it
    if view.severity > found.decision.severity:
        # Worse than the case: it must not wait on a milder clock.
        return Duplicates(proposals=(view.case_no,))
    return Duplicates(master=view.case_no)


def follow_master(*, city: City, case_no: str, master: str) -> None:
    """Let alarms a report lent its case to go on with the case the report has joined: its own never runs."""
    if city.store.alarms(where=AlarmFilter(case_no=case_no, open=True), limit=1).alarms:
        word = CaseTold(at=city.now(), case_no=case_no, status=Status.MERGED.value, master=master)
        signals.tell_alarms(city=city, case_no=case_no, word=word)


def _alarm_of(city: City, report: NewReport, found: Answer) -> Alarm | None:
    if report.exercise or not is_persons(city=city, report=report):
        return None
    place = found.place
    if place.lon is None or place.lat is None or place.method not in POINT_METHODS:
        return None
    hazards = [
        hazard
        for hazard in city.pack.alarms.hazards.values()
        if any(fnmatchcase(report.category, pattern) for pattern in hazard.citizen_categories)
    ]
    if not hazards:
        return None
    near = city.store.open_alarms_near(
        hazards=[hazard.id for hazard in hazards],
        lon=place.lon,
        lat=place.lat,
        metres=max(hazard.radius_m for hazard in hazards),
    )
    known = city.pack.alarms.hazards
    fits = [
        (metres, alarm)
        for alarm in near
        if (metres := _metres(alarm, place.lon, place.lat)) <= known[alarm.hazard].radius_m
        and _same_time(alarm, known[alarm.hazard], report.occurred_at)
    ]
    return min(fits, key=lambda fit: (fit[0], fit[1].alarm_no), default=(0.0, None))[1]


def is_persons(*, city: City, report: NewReport) -> bool:
    """Tell whether a person reported, and not a machine."""
    channel = city.pack.channels.get(report.channel)
    return report.source != ALARM_SOURCE and channel is not None and channel.kind != signals.SENSOR


def _metres(alarm: Alarm, lon: float, lat: float) -> float:
    if alarm.lon is None or alarm.lat is None:
        return float("inf")
    return metres_between(lon=lon, lat=lat, other_lon=alarm.lon, other_lat=alarm.lat)


def _same_time(alarm: Alarm, hazard: Hazard, at: datetime) -> bool:
    """An alarm that goes on is now; one in band was until it last spoke."""
    until = None if alarm.current is not None else alarm.last_at + hazard.window
    return alarm.raised_at - hazard.window <= at and (until is None or at <= until)


def _parents_case(city: City, alarm: Alarm) -> str | None:
    """Return the case of the storm an alarm is part of."""
    parent = city.store.alarm(alarm_no=alarm.parent) if alarm.parent is not None else None
    return parent.case_no if parent is not None else None
