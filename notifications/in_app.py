"""The in-app inbox: the outbox row is itself the message, so rendering it is delivering it."""

from notifications.delivery import DeliveryOutcome, Rendered, State


class InAppChannel:
    """Hands over at once. The relay keeps ``outcome.rendered`` in the row; the inbox shows it."""

    @property
    def name(self) -> str:
        return "in_app"

    async def send(self, *, message: Rendered, to: str) -> DeliveryOutcome:
        """Answer handed_over, or failed_permanent when there is no inbox to put it in."""
        if not to.strip():
            return DeliveryOutcome(state=State.FAILED_PERMANENT, code="no_inbox")
        return DeliveryOutcome(state=State.HANDED_OVER, provider_id=message.key, code="in_app")
