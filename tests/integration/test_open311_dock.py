"""The client of Open311 against a server of somebody else's that gives its lists in pages."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.egress import public_and
from notifications.open311 import EndpointSettings, Open311Dock
from tests.functional.foreign_open311 import Foreign, serving

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("pages", "refuses"), [(True, False), (False, False), (False, True)])
async def test_long_lists_are_read_to_their_end(pages: bool, refuses: bool) -> None:
    """A day's updates may be more than one answer holds; those that did not fit must not be lost."""
    foreign = Foreign(page_size=60, pages=pages, refuses_pages=refuses)
    foreign.requests = [{"service_request_id": str(n), "status": "open"} for n in range(150)]
    for n in range(150):
        foreign.write(str(n), "OPEN", "seen")
    now = datetime.now(UTC)
    async with serving(foreign) as server:
        settings = EndpointSettings(url=server.url, https_only=False)
        dock = Open311Dock(settings=settings, allow=public_and("127.0.0.0/8"))
        updates = await dock.updates(since=now - HOUR, until=now + HOUR)
        requests = await dock.requests(since=now - HOUR)
    # Who knows no pages gives the same answer again, which is the end.
    expected = 150 if pages else 60
    assert [one.update_id for one in updates] == [f"u{n + 1}" for n in range(expected)]
    assert [one.service_request_id for one in requests] == [str(n) for n in range(expected)]
