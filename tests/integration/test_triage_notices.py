"""What reporters, peers and verifiers read before a case is filed: from the case to the words of a mail."""

from datetime import timedelta
from typing import Any

import pytest

from boot.notices import message_of
from domain.messages import Command
from domain.messages_triage import (
    AnswerAtOnce,
    AskReporter,
    Missing,
    RefusedFor,
    RefuseReport,
    SplitReport,
    TransferOut,
    VerifyFirst,
)
from domain.place import Level
from domain.report import Reporter
from domain.unit import Contact, Unit
from domain.views import Record, view_of
from notifications.delivery import TextSource
from notifications.render import TemplateRenderer
from store.engine import Store
from store.group_commit import GroupCommit
from store.rows import OutboxKind
from tests.integration.store_samples import NOW, case_no, report
from tests.unit.builders import GRID, OPERATOR, Played
from tests.unit.scenes_triage import FIRE, in_triage
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway

MAIL = "li@citizen.example"


@pytest.fixture
def city(store: Store, wuhan: Grounds) -> City:
    """Return Wuhan on this store; its peers and grid workers can be reached by mail. Nothing is started."""
    units = [
        Unit(
            code=code, name_zh="某单位", name_en="A unit", kind="X", level=Level.CITY, area_code="4201",
            contacts=(Contact(channel="email", address="duty@unit.example"),),
        )
        for code in (FIRE, GRID)
    ]  # fmt: skip
    store.publish_units(units=units, version="test")
    return City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=None),  # type: ignore[arg-type]
        now=lambda: NOW + timedelta(days=300),
        random_bits=lambda bits: bits,
    )


def recorded(city: City, case: Played) -> None:
    """Write what the case did and owes, its report with a mail address."""
    number = case.state.case_no
    filed = report(1, case_no=number, report_no="R-1", reporter=Reporter(email=MAIL))
    city.store.accept_many(reports=[filed])
    city.store.record(
        record=Record(
            view=view_of(case.state),
            facts=tuple(case.facts),
            notices=tuple(case.notices),
            orders=tuple(case.orders),
        )
    )


async def mails(city: City, template: str) -> dict[str, tuple[str, str]]:
    """Return subject and body of the mails of a template, by address."""
    rows = city.store.claim(kinds=(OutboxKind.NOTIFY,), limit=99, now=city.now(), worker="test", lease_s=30.0)
    found = {}
    for row in rows:
        if row.payload["template"] != template:
            continue
        message = message_of(city=city, row=row, public_url="https://city.example")
        assert message is not None
        rendered = await TemplateRenderer().render(message=message)
        assert (rendered.source, rendered.problem) == (TextSource.BUILT_IN, "")
        found[message.recipient] = (rendered.subject, rendered.body)
    return found


def done(kind: type[Command], *, exercise: bool = False, **fields: Any) -> Played:
    case = in_triage(case_no=case_no(1), exercise=exercise)
    case.do(kind, by=OPERATOR, **fields)
    return case


REPORTERS: list[tuple[type[Command], dict[str, Any], str, tuple[str, ...]]] = [
    (
        AnswerAtOnce,
        {"answer": "窗口周六上午办公"},
        "answered",
        ("窗口周六上午办公", "Your enquiry was answered"),
    ),
    (
        RefuseReport,
        {"refused_for": RefusedFor.STATUTORY_CHANNEL, "told": "请向人民法院起诉"},
        "refused",
        ("应通过法定途径办理", "a statutory channel applies", "请向人民法院起诉"),
    ),
    (TransferOut, {"to": FIRE}, "transferred", ("119消防救援指挥中心", "Fire and rescue command 119")),
    (
        AskReporter,
        {"missing": Missing.PLACE, "question": "在哪个路口？"},
        "info_wanted",
        ("具体地点", "the exact place", "在哪个路口？", "2026年9月16日 09:00"),
    ),
]


@pytest.mark.parametrize(("kind", "fields", "template", "words"), REPORTERS)
async def test_a_reporter_reads_what_was_said_to_them_in_both_languages(
    city: City, kind: type[Command], fields: dict[str, Any], template: str, words: tuple[str, ...]
) -> None:
    recorded(city, done(kind, **fields))
    sent = await mails(city, template)

    assert set(sent) == {MAIL}
    _, body = sent[MAIL]
    for word in words:
        assert word in body
    assert "https://city.example" not in body, "a reporter has no business on the staff's pages"


@pytest.mark.parametrize("exercise", [False, True])
@pytest.mark.parametrize(
    ("kind", "fields", "template", "word"),
    [(TransferOut, {"to": FIRE}, "transfer", "回执编号"), (VerifyFirst, {}, "verify_request", "现场核实")],
)
async def test_a_peer_and_a_verifier_read_what_they_owe_and_whether_it_is_an_exercise(
    city: City, *, exercise: bool, kind: type[Command], fields: dict[str, Any], template: str, word: str
) -> None:
    recorded(city, done(kind, exercise=exercise, **fields))
    ((subject, body),) = (await mails(city, template)).values()

    assert word in body
    assert subject.startswith("【演练】") is exercise
    assert ("[EXERCISE]" in body) is exercise


async def test_a_question_is_read_by_the_reporter_alone(city: City) -> None:
    case = in_triage(case_no=case_no(1)).joined("R-2")
    case.do(AskReporter, by=OPERATOR, missing=Missing.OTHER, question="电话里说的王先生是谁？")
    case.do(SplitReport, by=OPERATOR, report_no="R-2", reason="另一处")
    recorded(city, case)

    rows = city.store.claim(kinds=(OutboxKind.NOTIFY,), limit=99, now=city.now(), worker="test", lease_s=30.0)
    assert [row.recipient for row in rows if "王先生" in str(row.payload)] == [MAIL]
    told = city.store.timeline(case_no=case.state.case_no)
    assert told is not None
    assert "王先生" not in str(told.facts)
