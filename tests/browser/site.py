"""The whole site on a port of its own with a city in the middle of its day: every page has something to show.

It runs in this process without Temporal, since pages are read from the store. What needs cases
that go on (a department that accepts) takes the fixture ``stack``.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
import uvicorn

from boot.api import build
from boot.settings import Clock, Settings
from boot.stack import free_port
from boot.wiring import prepare
from domain.actor import Actor, Role
from domain.device import Device
from domain.envelope import DeadCode, Envelope, EnvelopeKind, Unreadable
from domain.limit import Limit
from domain.views import CaseView
from store.rows_alarms import AlarmFilter
from store.rows_intake import NewInbound
from tests.bench.many_cases import seed
from tests.servers import WEDNESDAY_MORNING
from usecases import signals
from usecases.addressees import Addressees
from usecases.city import City
from usecases.demo_people import sign_in_as
from usecases.instruct import Issue, issue

CASES = 400
COMMAND = "4201-COMMAND"
PATIENCE_S = 60.0
SESSION = "cityops_session"


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the pages are, the city behind them, and what there is to be looked at.

    ``samples`` fills the parameters of addresses, by the address; ``people`` names who looks.
    """

    url: str
    city: City
    samples: Mapping[str, Mapping[str, str]]
    people: Mapping[str, str]

    def cookies(self, account: str) -> dict[str, str]:
        """Sign somebody of the demonstration in; nothing for nobody."""
        if not account:
            return {}
        signed = sign_in_as(city=self.city, account=account, at=datetime.now(UTC))
        return {SESSION: signed.token}


@contextmanager
def served(*, data: Path, atlas: Path) -> Iterator[Site]:
    """Serve the site of a seeded city until the block ends."""
    data.mkdir(parents=True, exist_ok=True)
    (data / "atlas").symlink_to(atlas, target_is_directory=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    clock = Clock(origin=time.time(), city_origin=WEDNESDAY_MORNING.timestamp())
    settings = Settings(data_dir=data, demo_mode=True, public_url=url, clock=clock)
    prepare(settings)
    # The default way of showing a fault draws every local name: minutes, with 400 cases in one.
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])
    with _running(settings, port) as city:
        samples, people = seeded(city)
        yield Site(url=url, city=city, samples=samples, people=people)


@contextmanager
def _running(settings: Settings, port: int) -> Iterator[City]:
    site = build(settings)
    server = uvicorn.Server(uvicorn.Config(site, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise RuntimeError("the site did not start")
        time.sleep(0.05)
    try:
        city: City = site.api.state.service.city
        yield city
    finally:
        site.end()
        server.should_exit = True
        thread.join(PATIENCE_S)


def seeded(city: City) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Fill the city; return the parameters of every address that has some, and who looks at those of one unit's."""
    numbers = seed(store=city.store, grounds=city.grounds, count=CASES, now=city.now())
    cases = list(city.store.cases_of(case_numbers=numbers).values())
    staff = {
        one.grants[0].unit: one.account for one in city.store.accounts() if one.account.endswith(".staff")
    }
    mine = next(one for one in cases if one.owner in staff and one.status in ("dispatched", "handling"))
    of = {status: _first(cases, status) for status in ("triaging", "visiting", "checking", "dispatched")}
    alarm, letter = _alarm(city), _letter(city)
    samples = {
        "/cases/{case_no}": {"case_no": of["dispatched"]},
        "/cases/{case_no}/acts": {"case_no": of["dispatched"]},
        "/queue/{case_no}": {"case_no": of["triaging"]},
        "/visits/{case_no}": {"case_no": of["visiting"]},
        "/verify/{case_no}": {"case_no": of["checking"]},
        "/tasks/{case_no}": {"case_no": mine.case_no},
        "/tasks/{case_no}/reporters": {"case_no": mine.case_no},
        "/ask/{number}": {"number": of["dispatched"]},
        "/instructions/{number}": {"number": _instruction(city)},
        "/admin/alarms/{alarm_no}": {"alarm_no": alarm},
        "/admin/dead-letters/{number}": {"number": letter},
        "/admin/devices/{source}/{code}": {"source": "gas", "code": "G-0"},
        "/admin/accounts/{account}": {"account": "operator1"},
        "/admin/rules/units/{code}": {"code": COMMAND},
    }
    people = dict.fromkeys(("/tasks", "/tasks/{case_no}", "/tasks/{case_no}/reporters"), staff[mine.owner])
    return samples, people


def _first(cases: list[CaseView], status: str) -> str:
    return next(one.case_no for one in cases if one.status == status)


def _instruction(city: City) -> str:
    ask = Issue(
        title="汛期井盖排查",
        text="请排查辖区内所有井盖，今日十八时前反馈。",
        to=Addressees(units=("420102-COMMAND", "420103-COMMAND", "420106-COMMAND")),
        time_limit=Limit.parse("8UH"),
        reply_required=True,
    )
    actor = Actor(id="supervisor.city", role=Role.SUPERVISOR, unit=COMMAND)
    return issue(city=city, ask=ask, actor=actor, request_id="browser-1").instruction.number


def _alarm(city: City) -> str:
    """Have a gas detector read twice what no well should have; return the alarm's number."""
    now = city.now()
    chain = (("city", "4201"), ("district", "420102"))
    device = Device(
        source="gas", code="G-0", profile="gas-underground", asset="well-0", unit="420102-COMMAND",
        lon=114.3, lat=30.6, chain=chain, model="GT-50",
    )  # fmt: skip
    city.store.put_devices(devices=[device], profiles=city.pack.profiles, at=now)
    for n in range(2):
        at = now + timedelta(seconds=n)
        envelope = Envelope(
            source="gas", event_id=f"reading-{n}", kind=EnvelopeKind.OBSERVATION, subject="G-0", value=45.0,
            metric="combustible_gas", unit="%LEL", occurred_at=at, received_at=at,
        )  # fmt: skip
        _take(city, at, envelope)
    (alarm,) = city.store.alarms(where=AlarmFilter(device="G-0"), limit=5).alarms
    return alarm.alarm_no


def _letter(city: City) -> str:
    """Have a message come in that nobody can read; return the number of its dead letter."""
    _take(city, city.now(), Unreadable(code=DeadCode.NOT_JSON, body=b'{"value": '))
    (letter,) = city.store.letters(limit=5)
    return str(letter.id)


def _take(city: City, at: datetime, found: Envelope | Unreadable) -> None:
    message = NewInbound(source="gas", channel="sensor", format="json", body=b"{}", received_at=at)
    city.store.keep_many(messages=[message])
    (row,) = city.store.claim_inbound(limit=1, now=at, worker="browser", lease_s=60)
    signals.take(city=city, message=row, found=[found])
