"""What was sent to whom, what became of it, and sending it again by hand."""

from dataclasses import replace

from domain.account import Permission, Principal
from store.filters import UnableToReadCursor
from store.rows_deliveries import DeliveryFilter, DeliveryPage, DeliveryRow
from usecases.city import City
from usecases.deeds import note
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode

__all__ = ["STATES", "DeliveryFilter", "DeliveryPage", "DeliveryRow", "deliveries", "send_again"]

STATES = ("pending", "done", "failed", "unknown", "lost")
SHOWN_END = 4
"""Characters of an address's end that are shown: enough to tell two apart."""


def deliveries(
    *, city: City, who: Principal, where: DeliveryFilter, limit: int = 50, cursor: str | None = None
) -> DeliveryPage:
    """Return messages, the newest first, addresses masked. Raises BadRequest (not_permitted, bad_cursor)."""
    permit(who, Permission.OPERATE)
    try:
        found = city.store.deliveries(where=where, limit=limit, cursor=cursor)
    except UnableToReadCursor as error:
        raise BadRequest(ProblemCode.BAD_CURSOR) from error
    return replace(found, rows=tuple(replace(row, recipient=masked(row.recipient)) for row in found.rows))


def send_again(*, city: City, who: Principal, number: int) -> None:
    """Owe a message that did not arrive once more; a deed. Raises BadRequest (not_permitted, delivery_settled)."""
    permit(who, Permission.OPERATE)
    if not city.store.send_again(id=number, now=city.now()):
        raise BadRequest(ProblemCode.DELIVERY_SETTLED, id=str(number))
    note(city=city, who=who, kind="delivery_again", object=str(number))


def masked(address: str | None) -> str:
    """Return where a message went without saying it: a mail's domain, a number's end, a unit's own name.

    >>> masked("someone@wuhan.example")
    '…@wuhan.example'
    >>> masked("13800001234")
    '…1234'
    """
    if not address:
        return ""
    if "@" in address:
        return "…@" + address.rpartition("@")[2]
    if address.startswith(("http://", "https://")):
        return "/".join(address.split("/")[:3]) + "/…"
    digits = sum(char.isdigit() for char in address)
    return address if digits < len(address) - 1 or "-" in address else "…" + address[-SHOWN_END:]
