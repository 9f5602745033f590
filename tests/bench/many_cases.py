"""A city with many cases, made in a minute: real places and routing of the flagship pack, drawn times and states.

A sample is located and routed for good, every case is one of the sample with its own number,
times, state and parts. Rows go in by bulk insert; what a list shows is what a list would show.
"""

import random
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime, timedelta

from sqlalchemy import insert

from domain.actor import Actor, Role
from domain.aspects import Supervision
from domain.case import ENDED, Fact, Status
from domain.catalogue import CategoryKind
from domain.identifiers import number
from domain.place import ReportedPlace
from domain.views import Aspects, CaseView, parts_of
from store.engine import Store
from store.tables import case_links, cases, history
from usecases.city import Grounds
from usecases.place_and_owner import Question, answer, category_name

OPEN_SHARE = 0.12
"""Of a year's cases that many are not ended: those of the last weeks, and some that drag on."""
OPEN_STATES = (
    (Status.TRIAGING, 4), (Status.DISPATCHED, 14), (Status.ACCEPTED, 8), (Status.HANDLING, 30), (Status.CHECKING, 8),
    (Status.RETURN_REQUESTED, 2), (Status.SUSPENDED, 5), (Status.ARBITRATION, 1), (Status.VISITING, 8),
    (Status.EVALUATED, 16), (Status.REOPENED, 4),
)  # fmt: skip
ENDED_STATES = ((Status.ARCHIVED, 88), (Status.MERGED, 10), (Status.CANCELLED, 2))
SAMPLE = 500
BATCH = 2_000
FACTS_OF = 300
"""The newest so many cases have their history."""
_CORE = (114.12, 30.42, 114.50, 30.70)


def seed(*, store: Store, grounds: Grounds, count: int, now: datetime) -> list[str]:
    """Write ``count`` cases of the year before ``now``; return their numbers, newest first."""
    draw = random.Random(20261122)
    sample = _sample(grounds, now, draw)
    numbers: list[str] = []
    batch: list[CaseView] = []
    for view in _views(sample, count, now, draw):
        numbers.append(view.case_no)
        batch.append(view)
        if len(batch) == BATCH:
            _write(store, batch)
            batch = []
    if batch:
        _write(store, batch)
    _histories(store, numbers[:FACTS_OF], now)
    return numbers


def _sample(grounds: Grounds, now: datetime, draw: random.Random) -> list[CaseView]:
    kinds = [one for one in grounds.pack.catalogue.values() if one.kind is CategoryKind.EVENT] or list(
        grounds.pack.catalogue.values()
    )
    west, south, east, north = _CORE
    found: list[CaseView] = []
    while len(found) < SAMPLE:
        category = draw.choice(kinds)
        place = ReportedPlace(
            lon=round(draw.uniform(west, east), 5),
            lat=round(draw.uniform(south, north), 5),
            address=f"解放大道{draw.randint(1, 1900)}号附近",
        )
        said = answer(
            grounds=grounds,
            question=Question(
                reported=place, channel="hotline", category=category.code, at=now, by_hand=True
            ),
        )
        if said.decision.lead is None or not said.place.chain:
            continue
        areas = {ref.level.name.lower(): ref.code for ref in said.place.chain}
        blank = dict.fromkeys((field.name for field in fields(CaseView)), None)
        zeros = dict.fromkeys(("epoch", "seq", "reworks", "returns", "reopened"), 0)
        values = {
            **blank, **zeros, **dict.fromkeys(("proposals", "reports", "tags", "exempt", "task_units"), ()),
            "category": category.code, "category_name": category_name(category), "severity": said.decision.severity,
            "channel": draw.choice(("hotline", "app", "patrol")), "exercise": False, "owner": said.decision.lead,
            "co_handlers": said.decision.co_handlers, "supervisors": (), "level": int(said.decision.level),
            "place": said.place, "decision": said.decision, "lon": said.place.lon, "lat": said.place.lat,
            "zones": tuple(zone.code for zone in said.place.zones), "received_at": now, "unknown_year": False,
            "rules_version": said.rules.version, "aspects": Aspects(), "status": "handling", "case_no": "",
            **{name: areas.get(name) for name in ("city", "district", "street", "community", "grid")},
        }  # fmt: skip
        found.append(CaseView(**values))  # type: ignore[arg-type]
    return found


def _views(sample: list[CaseView], count: int, now: datetime, draw: random.Random) -> Iterator[CaseView]:
    """Yield cases, newest first."""
    year = timedelta(days=365)
    for n in range(count):
        age = year * (n + draw.random()) / count
        at = now - age - timedelta(seconds=1)
        # Nearly all of the last month is still open, of what is older one in twenty.
        is_open = draw.random() < (0.9 if n < count * OPEN_SHARE * 0.75 else 0.04)
        states, weights = zip(*(OPEN_STATES if is_open else ENDED_STATES), strict=True)
        status = draw.choices(states, weights)[0]
        due = at + timedelta(hours=draw.choice((4, 8, 24, 72)))
        base = draw.choice(sample)
        ordered = is_open and draw.random() < 0.02
        order = Supervision(id="S1", by=base.owner, unit=base.owner, cause="E4", opened_at=due)
        yield replace(
            base,
            case_no=number(
                day=at.date() if isinstance(at.date(), date) else at, random_bits=draw.getrandbits(35)
            ),
            epoch=1,
            seq=9,
            status=status.value,
            received_at=at,
            filed_at=at,
            dispatched_at=at,
            handling_due=due,
            total_due=due + timedelta(hours=24),
            next_due=due if is_open else None,
            submitted_at=due if not is_open else None,
            closed_at=None if is_open else due,
            supervisors=tuple(draw.sample([one.owner for one in sample[:40]], draw.choice((0, 0, 0, 1, 2)))),
            tags=("summer",) if draw.random() < 0.01 else (),
            severity=draw.choices((1, 2, 3, 4), (1, 9, 60, 30))[0],
            aspects=Aspects(supervisions=(order,)) if ordered else base.aspects,
        )


def _write(store: Store, views: list[CaseView]) -> None:
    names = [field.name for field in fields(CaseView)]
    ended = {status.value for status in ENDED}
    rows = [
        {
            **{name: getattr(view, name) for name in names},
            "open": view.status not in ended,
            "under_order": bool(view.aspects.supervisions),
            "address": view.place.address,
        }
        for view in views
    ]
    links = [
        {"kind": kind, "code": code, "case_no": view.case_no}
        for view in views
        for kind, codes in (
            ("part", parts_of(view)), ("supervisor", view.supervisors), ("zone", view.zones), ("tag", view.tags),
        )
        for code in dict.fromkeys(codes)
    ]  # fmt: skip
    with store._engine.begin() as connection:
        connection.execute(insert(cases), rows)
        connection.execute(insert(case_links), links)


def _histories(store: Store, numbers: list[str], now: datetime) -> None:
    actor = Actor(id="bench", role=Role.HANDLER, unit="bench")
    steps = ("received", "triaging", "filed", "dispatched", "accepted", "handling", "contacted", "feedback")
    rows = []
    for case_no in numbers:
        for seq, kind in enumerate(steps, start=1):
            fact = Fact(
                seq=seq, at=now, kind=kind, row=13, source=None, target=None, actor=actor, due=None, data={}
            )
            rows.append(
                {"case_no": case_no, "epoch": 1, **{f.name: getattr(fact, f.name) for f in fields(Fact)}}
            )
    with store._engine.begin() as connection:
        connection.execute(insert(history), rows)
