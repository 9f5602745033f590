"""What an attempt means, when the next one is due, and what a context holds."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.place import Level
from notifications.context import (
    LONGEST_LIST,
    LONGEST_TEXT,
    VARIABLES,
    LocalText,
    NoticeFacts,
    UnableToBuildContext,
    case_context,
    localise,
    one_line,
    restrict,
)
from notifications.delivery import Channel, DeliveryOutcome, Message, Rendered, State, deliver
from notifications.in_app import InAppChannel
from notifications.render import TemplateRenderer
from notifications.retry import LONGEST_WAIT_S, RETRY_SCHEDULE_S, next_attempt_s
from notifications.samples import sample_message


class BrokenChannel:
    """A channel that breaks its promise not to raise, with an address in the text."""

    name = "email"

    async def send(self, *, message: Rendered, to: str) -> DeliveryOutcome:
        raise RuntimeError(f"no such mailbox {to}")


async def sent(*, channel: str, channels: Mapping[str, Channel]) -> DeliveryOutcome:
    message = sample_message(template="assignment", channel=channel, language="zh")
    return await deliver(message=message, channels=channels, renderer=TemplateRenderer())


async def test_in_app_hands_over_the_text_itself() -> None:
    outcome = await sent(channel="in_app", channels={"in_app": InAppChannel()})
    assert outcome.state is State.HANDED_OVER
    assert outcome.provider_id == "WH-20261122-000123:1:7:0:in_app:sample"
    assert outcome.rendered is not None
    assert outcome.rendered.subject == "【派单】污水井盖缺失"
    assert "2026年11月22日 17:30" in outcome.rendered.body


async def test_in_app_without_an_inbox_fails_for_good() -> None:
    message = Message(key="k", template="closed", channel="in_app", recipient=" ", language="zh", context={})
    outcome = await deliver(message=message, channels={"in_app": InAppChannel()}, renderer=TemplateRenderer())
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, "no_inbox")


async def test_a_channel_that_is_not_set_up_suppresses() -> None:
    outcome = await sent(channel="email", channels={"in_app": InAppChannel()})
    assert (outcome.state, outcome.code) == (State.SUPPRESSED, "channel_not_configured")


async def test_a_crash_in_a_channel_is_unknown_and_keeps_no_address() -> None:
    outcome = await sent(channel="email", channels={"email": BrokenChannel()})
    assert (outcome.state, outcome.code) == (State.UNKNOWN, "channel_crashed")
    assert outcome.detail == "RuntimeError in email"
    assert "duty@example.org" not in repr(outcome)


def test_the_recipient_is_not_in_the_repr_of_a_message() -> None:
    message = sample_message(template="closed", channel="email", language="zh")
    assert message.recipient not in repr(message)


def next_of(
    *, state: State, channel: str = "email", attempts: int = 1, wish: float | None = None
) -> float | None:
    outcome = DeliveryOutcome(state=state, retry_after_s=wish)
    return next_attempt_s(channel=channel, outcome=outcome, attempts=attempts)


@pytest.mark.parametrize("state", [State.HANDED_OVER, State.FAILED_PERMANENT, State.SUPPRESSED])
@pytest.mark.parametrize("channel", ["email", "webhook", "in_app", "voice"])
def test_final_states_are_not_tried_again(state: State, channel: str) -> None:
    assert next_of(state=state, channel=channel) is None


@pytest.mark.parametrize(("channel", "wait"), [("email", 5.0), ("webhook", 5.0), ("voice", None)])
def test_unknown_is_tried_again_only_where_a_duplicate_does_less_harm_than_silence(
    channel: str, wait: float | None
) -> None:
    assert next_of(state=State.UNKNOWN, channel=channel) == wait
    assert next_of(state=State.FAILED_TEMPORARY, channel=channel) == 5.0


def test_attempts_end() -> None:
    waits = [next_of(state=State.FAILED_TEMPORARY, attempts=n) for n in range(1, 12)]
    assert waits == [*RETRY_SCHEDULE_S, None, None]


@given(attempts=st.integers(0, 9), wish=st.none() | st.floats(0, 1e9))
def test_the_provider_can_lengthen_a_wait_up_to_a_day_and_never_shorten_it(
    attempts: int, wish: float | None
) -> None:
    plain = next_of(state=State.FAILED_TEMPORARY, attempts=attempts)
    wished = next_of(state=State.FAILED_TEMPORARY, attempts=attempts, wish=wish)
    assert plain is not None
    assert wished is not None
    assert plain <= wished <= LONGEST_WAIT_S
    assert wished == plain or wished == min(wish or 0, LONGEST_WAIT_S)


def facts(*, at: datetime) -> NoticeFacts:
    return NoticeFacts(
        case_no="C",
        category=LocalText(zh="井盖"),
        unit=LocalText(zh="", en="Unit"),
        areas=("a",),
        severity=1,
        level=Level.CITY,
        at=at,
        timezone="Asia/Shanghai",
    )


def test_a_context_has_every_variable_and_city_time() -> None:
    context = case_context(facts=facts(at=datetime(2026, 12, 31, 20, tzinfo=UTC)))
    assert set(context) == VARIABLES
    assert context["at"] == "2027-01-01T04:00:00+08:00"
    assert context["deadline"] is None


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UnableToBuildContext):
        case_context(facts=facts(at=datetime(2026, 12, 31, 20)))  # noqa: DTZ001


def test_the_other_language_stands_in_for_a_missing_one() -> None:
    context = case_context(facts=facts(at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert localise(context=context, language="en")["category"] == "井盖"
    assert localise(context=context, language="zh")["unit"] == "Unit"
    assert localise(context={"reason": {"zh": None, "en": ""}}, language="zh")["reason"] == ""


@given(text=st.text(), longest=st.integers(1, 300))
def test_one_line_is_one_printable_line(text: str, longest: int) -> None:
    line = one_line(text=text, longest=longest)
    assert line.isprintable()
    assert len(line) <= longest
    assert one_line(text=line, longest=longest) == line


def test_values_are_cut_and_odd_ones_dropped() -> None:
    cut = restrict(
        context={
            "case_no": "x" * 1000,
            "areas": ["a" * 1000, 7, None, *["b"] * 50],
            "reason": {"zh": ["no"], "en": "yes", "fr": "non"},
            "link": {"deep": {"deeper": "x"}},
            "phone": "13800000000",
        }
    )
    assert cut["case_no"] == "x" * (LONGEST_TEXT - 1) + "…"
    assert cut["areas"] == ["a" * (LONGEST_TEXT - 1) + "…", *["b"] * (LONGEST_LIST - 1)]
    assert cut["reason"] == {"zh": "", "en": "yes"}
    assert cut["link"] == {"zh": "", "en": ""}
    assert "phone" not in cut
