"""When to try again: the one place that says what a failed or unknown attempt leads to.

At-least-once accepts a duplicate rather than silence (e-mail carries the same Message-ID,
a webhook the same webhook-id, so the other side can recognise it). At-most-once accepts
silence rather than a duplicate, for channels that ring or cost money. A channel that is
not listed is treated as at-most-once: the escalation clock runs on and the next level is
told, which repairs silence, while nothing repairs a person woken twice.
"""

from enum import StrEnum
from types import MappingProxyType

from notifications.delivery import DeliveryOutcome, State


class UnknownPolicy(StrEnum):
    """What to do when nobody can say whether the provider has the message."""

    AT_LEAST_ONCE = "at_least_once"
    AT_MOST_ONCE = "at_most_once"


UNKNOWN_POLICY = MappingProxyType(
    {
        "email": UnknownPolicy.AT_LEAST_ONCE,
        "webhook": UnknownPolicy.AT_LEAST_ONCE,
        "in_app": UnknownPolicy.AT_LEAST_ONCE,
        # Their list is searched before a request is sent again (usecases.docks).
        "open311": UnknownPolicy.AT_LEAST_ONCE,
    }
)

# Seconds to wait after the 1st, 2nd, … attempt (Standard Webhooks' recommended schedule).
RETRY_SCHEDULE_S = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)

LONGEST_WAIT_S = 86400.0


def next_attempt_s(*, channel: str, outcome: DeliveryOutcome, attempts: int) -> float | None:
    """Return seconds of real time until the next attempt, or None when this one was final.

    ``attempts`` counts the attempts already made, this one included (from 1). The
    provider's Retry-After may lengthen the wait up to a day and never shortens it.
    """
    if outcome.state not in (State.FAILED_TEMPORARY, State.UNKNOWN):
        return None
    policy = UNKNOWN_POLICY.get(channel, UnknownPolicy.AT_MOST_ONCE)
    if outcome.state is State.UNKNOWN and policy is UnknownPolicy.AT_MOST_ONCE:
        return None
    if attempts > len(RETRY_SCHEDULE_S):
        return None
    wait = RETRY_SCHEDULE_S[max(attempts, 1) - 1]
    return min(max(wait, outcome.retry_after_s or 0.0), LONGEST_WAIT_S)
