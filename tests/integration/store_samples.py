"""Reports, steps and units to fill a store with. Plausible, small, made by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.actor import Actor, Role
from domain.case import ENDED, Fact, Notice, Status
from domain.identifiers import number
from domain.messages import SignIn
from domain.place import AreaRef, Level, Place, ReportedPlace, ZoneRef
from domain.report import NewReport, Reporter
from domain.unit import Contact, Unit
from domain.views import CaseView, Record

NOW = datetime(2026, 11, 22, 8, 30, 15, 123456, tzinfo=UTC)
DAY = date(2026, 11, 22)
HANDLER = Actor(id="wang", role=Role.HANDLER, unit="street-1")
PLACE = Place(
    chain=(
        AreaRef(level=Level.CITY, code="wh", name="武汉市"),
        AreaRef(level=Level.DISTRICT, code="d1", name="江汉区"),
    ),
    lon=114.27,
    lat=30.6,
    zones=(ZoneRef(kind="functional_zone", code="z1", name="商务区"),),
)


_VIEW = CaseView(
    case_no="",
    epoch=1,
    seq=1,
    status="dispatched",
    category="H-ENV-01",
    category_name="路灯",
    severity=3,
    channel="phone",
    exercise=False,
    owner="street-1",
    co_handlers=("dept-1",),
    supervisors=(),
    checker=None,
    arbiter=None,
    level=3,
    master=None,
    proposals=(),
    city="wh",
    district="d1",
    street="s1",
    community=None,
    grid=None,
    zones=("z1",),
    lon=114.27,
    lat=30.6,
    place=PLACE,
    decision=None,
    reports=(),
    received_at=NOW,
    filed_at=NOW,
    dispatched_at=NOW,
    signed_in_at=None,
    contacted_at=None,
    submitted_at=None,
    closed_at=None,
    handling_due=NOW + timedelta(hours=8),
    total_due=NOW + timedelta(hours=20),
    next_due=NOW + timedelta(hours=1),
    on_time=None,
    close_kind=None,
    reworks=0,
    returns=0,
    reopened=0,
    unknown_year=False,
    rules_version="r1",
)


def case_no(n: int) -> str:
    return number(day=DAY, random_bits=n)


def report_no(n: int) -> str:
    return number(day=DAY, random_bits=2**34 + n)


def report(n: int, **changes: Any) -> NewReport:
    made = NewReport(
        case_no=case_no(n),
        report_no=report_no(n),
        source="hotline",
        source_no=f"H{n}",
        channel="phone",
        category="H-ENV-01",
        description=f"路灯不亮 {n}",
        reported=ReportedPlace(lon=114.27, lat=30.6, address="某路 1 号"),
        reporter=Reporter(name="李", phone="13800000000"),
        severity=3,
        tags=("night",),
        occurred_at=NOW - timedelta(minutes=5),
        received_at=NOW,
        idempotency_key=f"key-{n}",
        fingerprint=f"print-{n}",
        raw={"text": "路灯", "deep": {"list": [1, 2.5, None, True]}},
    )
    return replace(made, **changes)


def view(n: int, **changes: Any) -> CaseView:
    numbered = replace(_VIEW, case_no=case_no(n), reports=(report_no(n),))
    return replace(numbered, **changes)


def fact(seq: int, **changes: Any) -> Fact:
    made = Fact(
        seq=seq,
        at=NOW + timedelta(seconds=seq),
        kind="dispatched",
        row=13,
        source=Status.FILED,
        target=Status.DISPATCHED,
        actor=HANDLER,
        due=NOW + timedelta(hours=8),
        data={"owner": "street-1", "areas": ["wh", "d1"], "n": 1, "share": 0.5, "ok": True, "none": None},
    )
    return replace(made, **changes)


def record(n: int, *, seq: int = 1, notices: tuple[Notice, ...] = (), **changes: Any) -> Record:
    return Record(view=view(n, seq=seq, **changes), facts=(fact(seq),), notices=notices)


def unit(code: str, *contacts: tuple[str, str], **changes: Any) -> Unit:
    made = Unit(
        code=code,
        name_zh="某街道",
        name_en="A street office",
        kind="COMMAND",
        level=Level.STREET,
        area_code="s1",
        parent="district-1",
        duty_list=("H-ENV-01",),
        contacts=tuple(Contact(channel=channel, address=address) for channel, address in contacts),
    )
    return replace(made, **changes)


def sign_in(request_id: str, **changes: Any) -> SignIn:
    return replace(SignIn(request_id=request_id, actor=HANDLER, assignee="张"), **changes)


ENDED_STATUSES = tuple(sorted(status.value for status in ENDED))
