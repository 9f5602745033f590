"""From a dispatched case to a mail in somebody's box: outbox, relay, template, SMTP server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default as default_policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from temporalio.testing import WorkflowEnvironment

from boot.channels import channels_of, renderer_of
from boot.relay import Relay
from boot.settings import Settings, Smtp
from boot.stack import free_port
from domain.place import ReportedPlace
from domain.report import Reporter
from domain.unit import Contact
from notifications.retry import RETRY_SCHEDULE_S
from store.engine import Store
from store.group_commit import GroupCommit
from store.rows import OutboxKind, OutboxRow
from tests.integration.store_samples import NOW, case_no, report
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway
from usecases.place_and_owner import answer
from usecases.start_case import question_of

NOTICES = (OutboxKind.NOTIFY,)
DUTY = "duty@unit.example"


class Box:
    """A mail server's box."""

    def __init__(self, answer: str = "250 queued") -> None:
        self.answer = answer
        self.mails: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail."""
        self.mails.append(envelope)
        return self.answer


@asynccontextmanager
async def mail_server(box: Box) -> AsyncIterator[int]:
    """Run a real SMTP server on loopback."""
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def owed(city: City) -> list[OutboxRow]:
    """Claim what is to be sent."""
    return city.store.claim(kinds=NOTICES, limit=50, now=city.now(), worker="here", lease_s=30.0)


@pytest.fixture
def city(store: Store, wuhan: Grounds, temporal_env: WorkflowEnvironment) -> City:
    """Return Wuhan on this store, its clock stopped."""
    return City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=temporal_env.client),
        now=lambda: NOW + timedelta(seconds=5),
        random_bits=lambda bits: bits,
    )


@pytest.fixture
def owner(city: City) -> str:
    """File a report; return its owner, who can be reached by mail and by webhook."""
    return file(city)


def file(city: City, n: int = 7, *, exercise: bool = False) -> str:
    """File a report, perhaps of an exercise; return its owner. A case of another number is another workflow."""
    filed = report(
        n, channel="hotline", category="E0110", severity=None, tags=(), reporter=Reporter(email="li@citizen.example"),
        reported=ReportedPlace(lon=114.2925, lat=30.5871), exercise=exercise,
    )  # fmt: skip
    lead = answer(grounds=city.grounds, question=question_of(filed)).decision.lead
    assert lead is not None
    contacts = (
        Contact(channel="email", address=DUTY),
        Contact(channel="webhook", address="https://unit.example/in"),
    )
    city.store.publish_units(units=[replace(city.pack.tree.get(lead), contacts=contacts)], version="test")
    city.store.accept_many(reports=[filed])
    return lead


async def carry(city: City, settings: Settings, port: int) -> list[str]:
    """Let the relay start the case and send its notices; return the channels they were owed on."""
    smtp = Smtp(host="127.0.0.1", port=port, starttls=False, sender="cityops@city.example")
    channels = channels_of(settings.model_copy(update={"smtp": smtp}))
    relay = Relay(
        city=city, channels=channels, renderer=renderer_of(settings), public_url="https://city.example"
    )
    kinds = (OutboxKind.START_CASE,)
    await relay._start(city.store.claim(kinds=kinds, limit=5, now=city.now(), worker="here", lease_s=30.0))
    rows = owed(city)
    await relay._notify(rows)
    return sorted(row.payload["channel"] for row in rows)


@pytest.mark.temporal
async def test_the_owner_gets_one_mail_and_a_channel_not_set_up_is_settled(
    city: City, owner: str, wuhan_settings: Settings
) -> None:
    box = Box()
    async with mail_server(box) as port:
        assert await carry(city, wuhan_settings, port) == ["email", "webhook"]
    assert (owed(city), city.store.pending(kinds=NOTICES)) == ([], 0)
    (mail,) = box.mails
    assert mail.rcpt_tos == [DUTY]
    assert isinstance(mail.content, bytes)
    text = message_from_bytes(mail.content, policy=default_policy)
    body = text.get_content()
    assert case_no(7) in text["Subject"]
    assert "演练" not in text["Subject"]
    assert "暴露生活垃圾" in body
    assert "Exposed domestic waste" in body
    assert f"https://city.example/cases/{case_no(7)}" in body
    assert "citizen.example" not in body, "no personal data in a notice"
    inbox = city.store.inbox_messages(unit=owner, limit=10)
    assert [message.template for message in inbox.messages] == ["assignment"]


@pytest.mark.temporal
async def test_a_mail_of_an_exercise_says_so_before_anything_else(
    city: City, wuhan_settings: Settings
) -> None:
    file(city, 8, exercise=True)
    box = Box()
    async with mail_server(box) as port:
        await carry(city, wuhan_settings, port)
    (mail,) = box.mails
    assert isinstance(mail.content, bytes)
    text = message_from_bytes(mail.content, policy=default_policy)
    for words in (text["Subject"], text.get_content()):
        assert words.startswith("【演练】")
        assert words.count("[EXERCISE]") == 1


@pytest.mark.temporal
@pytest.mark.parametrize(("answer", "owed_later"), [("451 4.3.0 later", True), ("550 5.7.1 never", False)])
async def test_a_refused_mail_comes_again_as_the_channels_policy_says(
    city: City, owner: str, wuhan_settings: Settings, answer: str, owed_later: bool
) -> None:
    async with mail_server(Box(answer)) as port:
        await carry(city, wuhan_settings, port)
    assert city.store.inbox_messages(unit=owner, limit=10).messages, "in-app does not wait for the mail"
    assert owed(city) == [], "not at once"
    assert city.store.pending(kinds=NOTICES) == int(owed_later)
    later = city.now() + timedelta(seconds=RETRY_SCHEDULE_S[0] + 1)
    again = city.store.claim(kinds=NOTICES, limit=5, now=later, worker="here", lease_s=30.0)
    assert [row.last_error for row in again] == (["smtp_451"] if owed_later else [])
