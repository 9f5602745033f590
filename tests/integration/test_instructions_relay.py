"""From an instruction to the words in somebody's mail: use cases, relay, templates, a real mail server."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default as default_policy

import pytest
from aiosmtpd.smtp import Envelope

from boot.channels import channels_of, renderer_of
from boot.notices import message_of
from boot.relay import Relay
from boot.settings import Settings, Smtp
from boot.wiring import connect
from domain.actor import Actor, Role
from domain.instruction import Counts, InstructionState
from domain.limit import Limit
from domain.place import Level
from domain.reach import Selector
from domain.unit import Contact
from notifications.delivery import TextSource
from store.engine import Store
from store.group_commit import GroupCommit
from store.rows import OutboxKind
from tests.integration.store_samples import NOW, report
from tests.integration.test_relay_notices import Box, mail_server
from usecases import instruct
from usecases.addressees import Addressees
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway
from usecases.instruct import Issue, Overview
from usecases.problems import BadRequest, ProblemCode

CITY = "4201-COMMAND"
LEADER = Actor(id="li", role=Role.LEADER, unit=CITY)
COMMUNITIES = Addressees(selectors=(Selector(level=Level.COMMUNITY, kind="COMMUNITY", area="420102"),))
ASK = Issue(title="汛期井盖排查", text="请排查。", to=COMMUNITIES, time_limit=Limit.parse("2UH"))


@pytest.fixture
async def city(store: Store, wuhan: Grounds) -> City:
    """Return Wuhan on this store; no instruction needs Temporal, so none runs."""
    return City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=await connect()),
        now=lambda: NOW,
        random_bits=lambda bits: 2**bits - 1,
    )


def at(city: City, later: timedelta) -> City:
    """Return the city with its clock put forward."""
    return replace(city, now=lambda: NOW + later)


def issue(city: City, ask: Issue = ASK, *, key: str = "k", actor: Actor = LEADER) -> Overview:
    return instruct.issue(city=city, ask=ask, actor=actor, request_id=key)


def relay_of(city: City, settings: Settings, port: int = 1) -> Relay:
    smtp = Smtp(host="127.0.0.1", port=port, starttls=False, sender="cityops@city.example")
    return Relay(
        city=city,
        channels=channels_of(settings.model_copy(update={"smtp": smtp})),
        renderer=renderer_of(settings),
        public_url="https://city.example",
    )


def written(mail: Envelope) -> bytes:
    assert isinstance(mail.content, bytes)
    return mail.content


async def carry(city: City, settings: Settings, port: int) -> None:
    """Let a relay go once round the timers and the notices."""
    relay = relay_of(city, settings, port)
    for kind, work in (
        (OutboxKind.INSTRUCTION_TIMER, relay._remind),
        (OutboxKind.NOTIFY, relay._notify),
    ):
        rows = city.store.claim(kinds=(kind,), limit=50, now=city.now(), worker="here", lease_s=30.0)
        await work(rows)


async def test_a_drill_says_so_in_every_mail_from_order_to_report(
    city: City, wuhan_settings: Settings
) -> None:
    unit, issuer = city.pack.tree.get("420102-SANITATION"), city.pack.tree.get(CITY)
    mail = [
        replace(one, contacts=(Contact(channel="email", address=f"{one.kind}@x.example"),))
        for one in (unit, issuer)
    ]
    city.store.publish_units(units=mail, version="test")
    made = issue(city, replace(ASK, to=Addressees(units=(unit.code,)), exercise=True)).instruction
    box = Box()
    async with mail_server(box) as port:
        for later in (timedelta(), timedelta(hours=1), timedelta(hours=2)):
            await carry(at(city, later), wuhan_settings, port)
    found = [message_from_bytes(written(one), policy=default_policy) for one in box.mails]
    subjects = [one["Subject"] for one in found]
    assert len(subjects) == 4
    for text, words in zip(subjects[:2], ("【指令】", "【指令催办】"), strict=True):
        assert text.startswith(f"【演练】{words}{made.number} 汛期井盖排查")
    assert {"【指令催办】" in text for text in subjects[2:]} == {True, False}
    bodies = [one.get_content() for one in found]
    assert all("演练" in body and "exercise" in body for body in bodies)
    assert all("武汉市城市运行管理中心" in body for body in bodies)
    last = next(body for body, one in zip(bodies, found, strict=True) if one["To"].startswith("COMMAND@"))
    assert "1 个接收单位中有 1 个尚未签阅" in last
    assert unit.name_zh in last
    assert f"https://city.example/instructions/{made.number}" in last
    assert city.store.pending(kinds=(OutboxKind.NOTIFY, OutboxKind.INSTRUCTION_TIMER)) == 0


async def test_every_notice_has_words_of_its_own(city: City, wuhan_settings: Settings) -> None:
    one = city.pack.tree.get("420102-SANITATION")
    contacts = (Contact(channel="webhook", address="https://unit.example/in"),)
    units = [replace(unit, contacts=contacts) for unit in (one, city.pack.tree.get(CITY))]
    city.store.publish_units(units=units, version="test")
    to = Addressees(units=(one.code,))
    first = issue(city, replace(ASK, to=to, reply_required=True), key="1").instruction.number
    done = Actor(id="wang", role=Role.HANDLER, unit=one.code)
    instruct.reply(city=city, number=first, text="已排查", actor=done, request_id="r")
    instruct.withdraw(city=city, number=first, reason="误发", actor=LEADER, request_id="w")
    renderer = renderer_of(wuhan_settings)
    rows = city.store.claim(kinds=(OutboxKind.NOTIFY,), limit=9, now=NOW, worker="here", lease_s=30.0)
    shown = []
    for row in rows:
        message = message_of(city=city, row=row, public_url="https://city.example")
        assert message is not None
        rendered = await renderer.render(message=message)
        assert (rendered.source, rendered.problem) == (TextSource.BUILT_IN, "")
        assert "None" not in rendered.body
        shown.append(rendered.body)
    assert ["请签阅并回复" in shown[0], "已全部回复" in shown[1], "已撤回" in shown[2]] == [True] * 3


async def test_a_district_is_told_by_one_command_and_no_other_district_hears_of_it(city: City) -> None:
    found = issue(city)
    communities = [
        unit.code
        for unit in city.pack.tree.units()
        if unit.kind == "COMMUNITY" and "420102" in {a.code for a in city.pack.areas.lineage(unit.area_code)}
    ]
    assert found.told == found.counts.total == len(communities) > 100
    assert found.by_level == {
        Level.COMMUNITY: Counts(total=len(communities), told=len(communities), missing=len(communities))
    }
    again = issue(city)
    assert (again.repeated, again.instruction, again.told) == (True, found.instruction, found.told)
    page = instruct.receivers(
        city=city, number=found.instruction.number, where=instruct.ReceiverFilter(), limit=200, cursor=None
    )
    assert {one.unit for one in page.receivers} == set(communities)


async def test_the_number_of_another_instruction_is_drawn_again(city: City) -> None:
    bits = iter((5, 5, 6))
    drawing = replace(city, random_bits=lambda _: next(bits))
    to = Addressees(units=("420102-COMMAND",))
    first, second = (issue(drawing, replace(ASK, to=to), key=key).instruction for key in "ab")
    assert first.number != second.number
    assert list(bits) == []


async def test_an_instruction_about_a_drill_is_a_drill(city: City) -> None:
    drill = report(1, exercise=True)
    city.store.accept_many(reports=[drill])
    made = issue(city, replace(ASK, case_no=drill.case_no)).instruction
    assert (made.exercise, made.case_no) == (True, drill.case_no)
    page = instruct.issued(city=city, issuer=None, case_no=drill.case_no, state=None, limit=5, cursor=None)
    assert [one.instruction for one in page.instructions] == [made]


@pytest.mark.parametrize(
    ("limit", "code"),
    [("0MIN", ProblemCode.LIMIT_OUT_OF_RANGE), ("367UD", ProblemCode.LIMIT_OUT_OF_RANGE),
     ("99999999999WD", ProblemCode.LIMIT_OUT_OF_RANGE)],
)  # fmt: skip
async def test_a_limit_of_nothing_or_of_years_is_refused(city: City, limit: str, code: ProblemCode) -> None:
    with pytest.raises(BadRequest) as refused:
        issue(city, replace(ASK, time_limit=Limit.parse(limit)))
    assert refused.value.finding.code is code


async def test_a_street_passes_on_to_its_own_communities_only(city: City) -> None:
    tree = city.pack.tree
    streets = [u for u in tree.units() if u.kind == "COMMAND" and u.level is Level.STREET][:2]
    made = issue(city, replace(ASK, to=Addressees(units=tuple(u.code for u in streets)))).instruction
    mine, other = streets
    actor = Actor(id="wang", role=Role.DISPATCHER, unit=mine.code)
    every = Addressees(selectors=(Selector(level=Level.COMMUNITY, kind="COMMUNITY"),))
    found = instruct.pass_on(city=city, number=made.number, to=every, actor=actor, request_id="p")
    below = {u.code for u in tree.units() if u.kind == "COMMUNITY" and u.parent == mine.code}
    where = instruct.ReceiverFilter(parent=mine.code)
    page = instruct.receivers(city=city, number=made.number, where=where, limit=200, cursor=None)
    assert {one.unit for one in page.receivers} == below
    assert found.told == len(below) > 0
    assert found.receiver is not None
    assert found.receiver.read_at == NOW, "who passes it on has read it"
    theirs = next(u.code for u in tree.units() if u.kind == "COMMUNITY" and u.parent == other.code)
    for to, code in (
        (Addressees(units=(theirs,)), ProblemCode.OUTSIDE_COMMAND),
        (Addressees(units=(f"{mine.area_code}-SANITATION",)), ProblemCode.OUTSIDE_COMMAND),
    ):
        with pytest.raises(BadRequest) as refused:
            instruct.pass_on(city=city, number=made.number, to=to, actor=actor, request_id="q")
        assert refused.value.finding.code is code
    community = Actor(id="zhao", role=Role.LEADER, unit=min(below))
    grids = Addressees(selectors=(Selector(level=Level.GRID),))
    deeper = instruct.pass_on(city=city, number=made.number, to=grids, actor=community, request_id="g")
    assert deeper.by_level[Level.GRID].total == deeper.told > 0
    assert deeper.instruction.state is InstructionState.OPEN
