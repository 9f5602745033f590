"""The duty officer's desk on both databases: each act once, false alarms counted, cases and alarms told of each other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import type_coerce, update

from boot.notices import message_of
from boot.wiring import connect
from domain.actor import Actor, Role
from domain.alarm import Alarm, AlarmPhase
from domain.alarm_life import Verdict
from domain.begin import begin
from domain.device import Device
from domain.envelope import Envelope, EnvelopeKind
from domain.errors import CommandRefused, RefusalCode
from domain.messages_alarm import AlarmChanged
from domain.messages_command import Regrade as RegradeCase
from domain.order import TellAlarm
from domain.place import ReportedPlace
from domain.views import record_of
from store.engine import Store
from store.group_commit import GroupCommit
from store.rows import OutboxKind, OutboxRow
from store.rows_alarms import AlarmFilter, FalseAlarms
from store.rows_intake import NewInbound
from store.tables import _PLAIN
from store.tables_alarms import alarms
from tests.integration.store_samples import NOW
from usecases import alarm_desk as desk
from usecases import alarm_timers, signals
from usecases.alarm_desk import Assess, Confirm, Regrade
from usecases.alarm_rules import assessors_of, times_of
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway
from usecases.listening import listen
from usecases.problems import BadRequest, ProblemCode
from usecases.start_case import prepare

OFFICER = Actor(id="duty01", role=Role.OPERATOR, unit="4201-COMMAND")
CREW = Actor(id="crew01", role=Role.HANDLER, unit="420102-COMMAND")
MINUTE = timedelta(minutes=1)
CHAIN = (("city", "4201"), ("district", "420102"))
FALSE = Assess(verdict=Verdict.FALSE, reason="drift", text="calibrated: reads 12 too high")


class Clock:
    """A clock a test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def city(store: Store, wuhan: Grounds) -> City:
    """Return Wuhan with three gas detectors of one model on this store; Temporal is not there."""
    devices = [
        Device(source="gas", code=f"G-{n}", profile="gas-underground", asset=f"well-{n}", unit="420102-COMMAND",
               lon=114.30 + n / 50, lat=30.60, chain=CHAIN, model="GT-50")
        for n in range(3)
    ]  # fmt: skip
    store.put_devices(devices=devices, profiles=wuhan.pack.profiles, at=NOW)
    bits = count(1)
    return City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=await connect()),
        now=Clock(),
        random_bits=lambda _: next(bits),
    )


@pytest.fixture
def events() -> Iterator[int]:
    return count(1)


def read(city: City, events: Iterator[int], device: str, value: float) -> None:
    """Let a device send a reading, in %LEL."""
    now = city.now()
    message = NewInbound(source="gas", channel="sensor", format="json", body=b"{}", received_at=now)
    city.store.keep_many(messages=[message])
    (row,) = city.store.claim_inbound(limit=1, now=now, worker="w", lease_s=60)
    envelope = Envelope(
        source="gas", event_id=f"e{next(events)}", kind=EnvelopeKind.OBSERVATION, subject=device, value=value,
        metric="combustible_gas", unit="%LEL", occurred_at=now, received_at=now,
    )  # fmt: skip
    assert signals.take(city=city, message=row, found=[envelope]).dead == 0


def raised(city: City, events: Iterator[int], device: str = "G-1", *, severity: int = 2) -> Alarm:
    """Let a device read what is an alarm of this severity (two of three readings), and return it."""
    for _ in range(2):
        leap(city, timedelta(seconds=5))
        read(city, events, device, {1: 60.0, 2: 30.0}[severity])
    leap(city, MINUTE)
    found = city.store.alarms(where=AlarmFilter(device=device, open=True), limit=9).alarms
    return next(one for one in found if one.hazard == "gas")


def leap(city: City, duration: timedelta) -> None:
    """Let time go by; what is due is carried out."""
    assert isinstance(city.now, Clock)
    city.now.at += duration
    city.store.alarms_due(city=signals.alarm_city(city), limit=99)


def act(city: City, alarm: Alarm, deed: desk.Deed, key: str = "k1", *, by: Actor = OFFICER) -> Alarm:
    return desk.act(city=city, alarm_no=alarm.alarm_no, deed=deed, actor=by, request_id=f"by:{by.id}:{key}")


def code_of(refused: Exception) -> object:
    return refused.finding.code if isinstance(refused, BadRequest) else getattr(refused, "code", None)


def owed(city: City, kind: OutboxKind) -> list[OutboxRow]:
    now = city.now() + timedelta(days=1)
    return city.store.claim(kinds=(kind,), limit=99, now=now, worker="w", lease_s=0.0)


def commands(city: City) -> list[Any]:
    """Return the commands owed to cases, as they were put."""
    rows = owed(city, OutboxKind.DELIVER_COMMAND)
    kept = [city.store.command(request_id=row.payload["request_id"]) for row in rows]
    return [one.command for one in kept if one is not None]


def begun(city: City, alarm: Alarm) -> str:
    """Let the case about an alarm begin and be recorded, and its alarm be told."""
    report = city.store.report(report_no=alarm.case_no or "")
    assert report is not None
    outcome = begin(prepare(city=city, report=report))
    assert (outcome.state.alarm, [one.out for one in outcome.state.linked]) == (alarm.alarm_no, [True])
    city.store.record(record=record_of(outcome))
    for row in owed(city, OutboxKind.TELL_ALARM):
        desk.tell_alarms(city=city, case_no=row.case_no, told=desk.told_of(row.payload))
    return report.case_no


def test_severity_1_has_its_case_at_once_and_counts_as_true_when_nobody_answers(
    city: City, events: Iterator[int]
) -> None:
    alarm = raised(city, events, severity=1)
    times = times_of(pack=city.pack, alarm=alarm)
    assert (times.assess, times.wait) == (10 * MINUTE, timedelta())
    assert times.assessors == assessors_of(pack=city.pack, alarm=alarm) == ("420102-COMMAND", "4201-COMMAND")
    assert (alarm.phase, alarm.case_no is not None) == (AlarmPhase.ASSESSING, True)
    begun(city, alarm)
    leap(city, 10 * MINUTE)
    found = desk.shown(city=city, alarm_no=alarm.alarm_no)
    assert found.alarm.phase is AlarmPhase.RESPONDING
    assert [fact.kind for fact in found.facts] == [
        "raised",
        "assessing",
        "case_told",
        "warning",
        "responding",
    ]
    page = city.store.inbox_messages(unit="420102-COMMAND", limit=9)
    assert [one.template for one in page.messages if one.case_no == alarm.alarm_no] == [
        "alarm_unanswered",
        "alarm_assess",
    ]
    told = [one for one in commands(city) if isinstance(one, AlarmChanged)]
    assert [(one.reason, one.phase, one.current_in_band) for one in told] == [
        ("unanswered", "responding", False)
    ]


def test_an_act_is_done_once_whoever_repeats_it(city: City, events: Iterator[int]) -> None:
    alarm = raised(city, events)
    done = act(city, alarm, FALSE)
    assert (done.phase, done.reason, done.assessed_by) == (AlarmPhase.FALSE_ALARM, "drift", "duty01")
    assert act(city, alarm, FALSE) == done
    with pytest.raises(BadRequest) as reused:
        act(city, alarm, replace(FALSE, text="something else"))
    assert code_of(reused.value) is ProblemCode.REQUEST_ID_REUSED
    with pytest.raises(BadRequest) as ended:
        act(city, alarm, Confirm(), "k2")
    assert (ended.value.finding.code, ended.value.finding.params) == (
        ProblemCode.ALARM_PHASE,
        {"phase": "false_alarm"},
    )
    assert list(desk.open_to(done)) == []


def test_an_alarm_that_cannot_be_read_holds_up_no_other(city: City, events: Iterator[int]) -> None:
    """Whatever is wrong with one alarm, an unanswered severity 1 beside it counts as true in time."""
    broken, severe = raised(city, events, "G-1"), raised(city, events, "G-2", severity=1)
    damage = update(alarms).where(alarms.c.alarm_no == broken.alarm_no)
    city.store._write(
        lambda connection: connection.execute(damage.values(alarm=type_coerce({"no": "alarm"}, _PLAIN)))
    )
    assert isinstance(city.now, Clock)
    city.now.at += 11 * MINUTE
    assert alarm_timers.deadlines(city=city) == 2
    found = city.store.alarm(alarm_no=severe.alarm_no)
    assert found is not None
    assert found.phase is AlarmPhase.WARNING
    assert alarm_timers.deadlines(city=city) == 0  # the broken one is tried again later
    city.now.at += MINUTE
    assert alarm_timers.deadlines(city=city) == 1


def test_what_says_only_where_it_is_is_cleared_by_a_word_from_there(
    city: City, events: Iterator[int]
) -> None:
    place = ReportedPlace(lon=114.30, lat=30.60)
    for kind in (EnvelopeKind.ALARM, EnvelopeKind.CLEAR):
        said = Envelope(
            source="gas", event_id=f"e{next(events)}", kind=kind, category="S-GAS-01", severity=2, place=place,
            occurred_at=city.now(), received_at=city.now(),
        )  # fmt: skip
        message = NewInbound(
            source="gas", channel="sensor", format="json", body=b"{}", received_at=city.now()
        )
        city.store.keep_many(messages=[message])
        (row,) = city.store.claim_inbound(limit=1, now=city.now(), worker="w", lease_s=60)
        assert signals.take(city=city, message=row, found=[said]).dead == 0
    (alarm,) = city.store.alarms(where=AlarmFilter(open=True), limit=9).alarms
    assert alarm.withdrawn_at is not None


def test_nobody_is_silent_while_nobody_listens(city: City) -> None:
    """Three detectors of which nothing was heard for a month: because we were down, until somebody listens again."""
    assert isinstance(city.now, Clock)
    listen(city=city, name="api")
    city.now.at += timedelta(days=30)
    assert alarm_timers.silence(city=city) == 0
    listen(city=city, name="api")
    assert alarm_timers.silence(city=city) == 0
    for _ in range(3 * 60):
        city.now.at += MINUTE
        listen(city=city, name="api")
    assert alarm_timers.silence(city=city) == 3


def test_nothing_is_merged_into_an_alarm_that_has_ended(city: City, events: Iterator[int]) -> None:
    ended, alarm = raised(city, events, "G-1"), raised(city, events, "G-2", severity=1)
    act(city, ended, FALSE)
    with pytest.raises(BadRequest) as refused:
        act(city, alarm, Assess(verdict=Verdict.MERGED, into=ended.alarm_no), "k2")
    assert code_of(refused.value) is ProblemCode.ALARM_MERGE_TARGET


def test_what_the_desk_refuses(city: City, events: Iterator[int]) -> None:
    alarm = raised(city, events)
    bad: list[tuple[desk.Deed, Actor, object]] = [
        (replace(FALSE, reason="because"), OFFICER, ProblemCode.UNKNOWN_REASON),
        (replace(FALSE, text=" "), OFFICER, RefusalCode.REASON_REQUIRED),
        (Assess(verdict=Verdict.MERGED, into=alarm.alarm_no), OFFICER, ProblemCode.ALARM_MERGE_TARGET),
        (Assess(verdict=Verdict.MERGED, into="ALM-nobody"), OFFICER, ProblemCode.ALARM_NOT_FOUND),
        (FALSE, CREW, RefusalCode.ROLE_NOT_ALLOWED),
        (Regrade(severity=3, reason=" "), OFFICER, RefusalCode.REASON_REQUIRED),
        (Confirm(), replace(CREW, unit="420106-COMMAND"), RefusalCode.NOT_YOUR_ITEM),
    ]
    for n, (deed, by, code) in enumerate(bad):
        with pytest.raises((BadRequest, CommandRefused)) as refused:
            act(city, alarm, deed, f"bad{n}", by=by)
        assert code_of(refused.value) is code
    assert [fact.kind for fact in city.store.alarm_facts(alarm_no=alarm.alarm_no)] == ["raised", "assessing"]


def test_false_alarms_are_counted_and_the_third_calls_for_the_device(
    city: City, events: Iterator[int]
) -> None:
    for n in range(3):
        act(city, raised(city, events), FALSE, f"false{n}")
        read(city, events, "G-1", 5.0)
    act(city, raised(city, events, "G-2"), replace(FALSE, reason="methane"), "other")
    read(city, events, "G-2", 5.0)
    raised(city, events, "G-2")
    of_device = city.store.false_alarms(since=NOW, source="gas", device="G-1")
    assert len(city.store.alarms(where=AlarmFilter(hazard="gas"), limit=99).alarms) == 5
    assert (of_device.false, of_device.recent, of_device.reasons) == (3, 3, {"drift": 3})
    found = desk.device_alarms(city=city, source="gas", device="G-2")
    assert (found.model, found.of_device.rate) == ("GT-50", 0.5)
    assert found.of_model is not None
    assert (found.of_model.false, found.of_model.reasons) == (4, {"drift": 3, "methane": 1})
    assert city.store.false_alarms(since=NOW + timedelta(days=1), source="gas", device="G-1").recent == 0
    assert FalseAlarms().rate == 0.0
    leap(city, 15 * MINUTE)
    (fault,) = city.store.alarms(where=AlarmFilter(device="G-1", open=True), limit=9).alarms
    assert (fault.hazard, fault.case_no is not None) == ("device", True)


def test_lists_are_filtered_and_paged(city: City, events: Iterator[int]) -> None:
    made = []
    for n in range(3):
        made.append(raised(city, events, f"G-{n}", severity=1 + n % 2).alarm_no)
        leap(city, MINUTE)
    first = desk.listed(city=city, where=AlarmFilter(district="420102"), limit=2, cursor=None)
    rest = desk.listed(city=city, where=AlarmFilter(district="420102"), limit=2, cursor=first.next_cursor)
    assert [one.alarm_no for one in (*first.alarms, *rest.alarms)] == made[::-1]
    assert rest.next_cursor is None
    for where, most in (
        (AlarmFilter(severity=1), 2), (AlarmFilter(phase=("assessing",)), 3), (AlarmFilter(phase=("released",)), 0),
        (AlarmFilter(exercise=True), 0), (AlarmFilter(device="G-0", source="gas"), 1),
    ):  # fmt: skip
        assert len(desk.listed(city=city, where=where, limit=9, cursor=None).alarms) == most
    with pytest.raises(BadRequest) as refused:
        desk.listed(city=city, where=AlarmFilter(), limit=2, cursor="AAAA")
    assert code_of(refused.value) is ProblemCode.BAD_CURSOR


def test_a_regrade_reaches_the_case_and_the_cases_end_releases_the_alarm(
    city: City, events: Iterator[int]
) -> None:
    alarm = act(city, raised(city, events), Assess(verdict=Verdict.TRUE))
    case_no = begun(city, alarm)
    commands(city)
    act(city, alarm, Regrade(severity=1, reason="next to a school"), "k2")
    told = [one for one in commands(city) if isinstance(one, AlarmChanged | RegradeCase)]
    assert [(one.kind, one.severity) for one in told][-2:] == [("alarm_changed", 1), ("regrade", 1)]
    confirmed = act(city, alarm, Confirm(text="valve closed"), "k3", by=CREW)
    assert (confirmed.phase, confirmed.confirmed_by) == (AlarmPhase.RESPONDING, "crew01")
    read(city, events, "G-1", 10.0)
    assert desk.shown(city=city, alarm_no=alarm.alarm_no).alarm.phase is AlarmPhase.RECOVERING
    leap(city, times_of(pack=city.pack, alarm=alarm).hold)
    assert desk.shown(city=city, alarm_no=alarm.alarm_no).alarm.phase is AlarmPhase.RELEASED
    assert [one.reason for one in commands(city) if isinstance(one, AlarmChanged)][-2:] == [
        "in_band",
        "released",
    ]
    closed = TellAlarm(alarm_no=alarm.alarm_no, status="closed", close_kind="solved", seq=99)
    assert desk.tell_alarms(city=city, case_no=case_no, told=closed) == 0


def test_a_notice_to_assess_says_what_where_and_until_when(city: City, events: Iterator[int]) -> None:
    alarm = raised(city, events)
    page = city.store.inbox_messages(unit="420102-COMMAND", limit=9)
    (line,) = [one for one in page.messages if one.case_no == alarm.alarm_no]
    row = OutboxRow(
        id=1, kind="notify", key="k", case_no=alarm.alarm_no, priority=2, recipient="a@b.example", state="pending",
        payload={"template": line.template, "channel": "email", "unit": line.unit, "context": line.context},
        attempts=1, lost=0, created_at=NOW, not_before=NOW, lease_until=None, last_error="",
    )  # fmt: skip
    message = message_of(city=city, row=row, public_url="https://city.example")
    assert message is not None
    context = message.context
    assert (context["case_no"], context["severity"], context["about"]) == (alarm.alarm_no, 2, "assess")
    assert context["areas"] == ["武汉市", "江岸区"]
    assert context["link"] == f"https://city.example/alarms/{alarm.alarm_no}"
    assert context["reason"] == {"zh": city.pack.alarms.hazards["gas"].name_zh,
                                 "en": city.pack.alarms.hazards["gas"].name_en}  # fmt: skip
