"""One message to one recipient over one channel, and what became of it.

The states are the sending half of the delivery model (reference: escalation.md §5.3):
the row itself knows ``queued`` and ``sending``, a channel answers with one of ``State``.
A message is handed over only when the provider said so itself. When nobody can say
whether the provider has it (the connection broke or timed out after the body was
written) the answer is ``unknown``, and ``notifications.retry`` says per channel what to
do about that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, TypeAlias

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


class TemplateName(StrEnum):
    """The notices a case or an instruction can send. The value is the file name of the template."""

    ASSIGNMENT = "assignment"
    REMINDER = "reminder"
    DUTY_CALL = "duty_call"
    ESCALATION = "escalation"
    OVERDUE = "overdue"
    RETURN_REQUESTED = "return_requested"
    RETURN_DECIDED = "return_decided"
    ARBITRATION = "arbitration"
    REWORK = "rework"
    CHECK_REQUEST = "check_request"
    RESULT = "result"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    CANCELLED = "cancelled"
    ANSWERED = "answered"
    REFUSED = "refused"
    TRANSFER = "transfer"
    TRANSFERRED = "transferred"
    INFO_WANTED = "info_wanted"
    VERIFY_REQUEST = "verify_request"
    SPLIT = "split"
    REPORT_UP = "report_up"
    REPORT_UP_DECIDED = "report_up_decided"
    EVENT_REPORT = "event_report"
    EVENT_REPORT_LATE = "event_report_late"
    EMERGENCY_CALL = "emergency_call"
    RULES_CHANGED = "rules_changed"
    JOINT = "joint"
    SUPPLEMENT = "supplement"
    URGE = "urge"
    ALARM_ASSESS = "alarm_assess"
    ALARM_UNANSWERED = "alarm_unanswered"
    ALARM_CHANGED = "alarm_changed"
    STORM_TOLD = "storm_told"
    SUPERVISION = "supervision"
    SUPERVISION_REPLY = "supervision_reply"
    SUPERVISION_CLOSED = "supervision_closed"
    APPEAL_REVIEW = "appeal_review"
    APPEAL_DECIDED = "appeal_decided"
    TASK_ASSIGNED = "task_assigned"
    TASK_SIGNED_IN = "task_signed_in"
    TASK_REPORTED = "task_reported"
    TASK_LATE = "task_late"
    TASK_ENDED = "task_ended"
    STAGE_LATE = "stage_late"
    EXTENSION_REQUESTED = "extension_requested"
    EXTENSION_DECIDED = "extension_decided"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    INSTRUCTION = "instruction"
    INSTRUCTION_REMINDER = "instruction_reminder"
    INSTRUCTION_REPORT = "instruction_report"


class State(StrEnum):
    """What became of one attempt. ``unknown`` is never a success and never a failure."""

    HANDED_OVER = "handed_over"
    FAILED_TEMPORARY = "failed_temporary"
    FAILED_PERMANENT = "failed_permanent"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


class TextSource(StrEnum):
    """Where a text came from: the city's own template, ours, or the bare fallback."""

    OVERRIDE = "override"
    BUILT_IN = "built_in"
    FALLBACK = "fallback"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One outbox row as the relay hands it over.

    ``key`` is the row's unique key ``case_no:epoch:seq:n:channel:recipient`` and stays the
    same in every attempt. ``template`` is a ``TemplateName`` value; ``language`` is "zh",
    "en", or "zh+en" for both in one message. ``recipient`` is the channel's address (mail
    address, URL, inbox name); it may be personal data and is left out of ``repr``.
    ``context`` holds the variables of ``notifications.context``.
    """

    key: str
    template: str
    channel: str
    recipient: str = field(repr=False)
    language: str
    context: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A message in words. ``subject`` is one line; ``body`` is plain text, never markup.

    ``data`` is the context reduced to the known variables, for channels that carry
    figures beside the words. ``version`` identifies the template source (12 hex digits of
    its SHA-256, "" for the fallback). ``problem`` is the code of the template error that
    made us fall back, "" when there was none.
    """

    key: str
    template: str
    channel: str
    language: str
    subject: str
    body: str
    data: Mapping[str, Json] = field(default_factory=dict)
    source: TextSource = TextSource.BUILT_IN
    version: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryOutcome:
    """What goes back into the outbox row.

    ``provider_id`` is the identifier both sides know (Message-ID, webhook-id); ``code`` is
    stable and machine-readable ("smtp_550", "http_410", "timeout"); ``detail`` never holds
    addresses or the provider's free text, which likes to repeat addresses;
    ``retry_after_s`` is the provider's own wish in seconds, None when it has none;
    ``rendered`` is the text that was sent (for in-app, the message itself).
    """

    state: State
    provider_id: str = ""
    code: str = ""
    detail: str = ""
    retry_after_s: float | None = None
    rendered: Rendered | None = None


class Channel(Protocol):
    """A way to reach people. ``send`` judges from the provider's own answer and does not raise."""

    @property
    def name(self) -> str:
        """Name of the channel in contacts and outbox rows."""

    async def send(self, *, message: Rendered, to: str) -> DeliveryOutcome:
        """Make one attempt. No retry inside: attempts are counted in the row."""


class Renderer(Protocol):
    """Turns a message into words. Never raises because of a template."""

    async def render(self, *, message: Message) -> Rendered:
        """Return the text of this message."""


async def deliver(
    *, message: Message, channels: Mapping[str, Channel], renderer: Renderer
) -> DeliveryOutcome:
    """Render one message, make one attempt to send it, and say what became of it.

    A channel the installation has not set up suppresses the message (the row keeps it and
    says why) instead of failing it, so that a city without a mail server is not a city full
    of errors. A channel that breaks its promise and raises may have written the body
    already: that is ``unknown``. Cancellation passes through; the relay treats a row that
    was being sent when it stopped as ``unknown`` too.
    """
    channel = channels.get(message.channel)
    if channel is None:
        return DeliveryOutcome(
            state=State.SUPPRESSED, code="channel_not_configured", detail=f"channel {message.channel}"
        )
    rendered = await renderer.render(message=message)
    try:
        outcome = await channel.send(message=rendered, to=message.recipient)
    except Exception as error:  # noqa: BLE001 - keep the type only: the text may hold an address
        outcome = DeliveryOutcome(
            state=State.UNKNOWN, code="channel_crashed", detail=f"{type(error).__name__} in {message.channel}"
        )
    return replace(outcome, rendered=rendered)
