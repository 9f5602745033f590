"""A district's own system: a small Open311 server of somebody else's making, XML only, with their faults.

Plain sockets, so that it can take a request and let the connection die before it answers.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

Form = dict[str, str]


@dataclass(kw_only=True)
class Foreign:
    """What the other system knows. ``lose`` answers are swallowed; ``broken`` answers are 503.

    A list gives ``page_size`` at once, and without ``pages`` no more than that. While it
    ``hang``s it says nothing at all.
    """

    requests: list[Form] = field(default_factory=list)
    updates: list[Form] = field(default_factory=list)
    posted: list[Form] = field(default_factory=list)
    lose: int = 0
    broken: int = 0
    tokens: bool = False
    has_updates: bool = True
    page_size: int = 1000
    pages: bool = True
    refuses_pages: bool = False
    hang: bool = False
    forgets_tokens: bool = False
    url: str = ""

    def write(self, number: str, status: str, text: str) -> None:
        """Let their people write on a request."""
        now = datetime.now(UTC).isoformat()
        self.updates.append(
            {
                "update_id": f"u{len(self.updates) + 1}",
                "service_request_id": number,
                "status": status,
                "description": text,
                "updated_datetime": now,
            }
        )
        for one in self.requests:
            if one["service_request_id"] == number:
                one["status"] = "closed" if status in ("CLOSED", "FIXED") else "open"
                one["status_notes"], one["updated_datetime"] = text, now

    def answer(self, method: str, path: str, form: Form) -> tuple[int, str] | None:
        """Return status and body, or None to let the connection die."""
        if self.broken:
            self.broken -= 1
            return 503, ""
        if self.refuses_pages and "page" in form:
            return 400, "<errors/>"
        name = path.rpartition("/v2/")[2]
        if method == "POST" and form.get("api_key") != "k":
            return 403, "<errors><error><code>403</code><description>key</description></error></errors>"
        if method == "POST" and name == "requests.xml":
            return self._create(form)
        if method == "POST" and name == "servicerequestupdates.xml":
            self.posted.append(form)
            return 200, _many("service_request_updates", "request_update", [{"update_id": form["update_id"]}])
        if name == "requests.xml":
            wanted = form.get("service_request_id", "")
            found = [
                one for one in self.requests if not wanted or one["service_request_id"] in wanted.split(",")
            ]
            return 200, _many("service_requests", "request", self._page(found, form))
        if name.startswith("tokens/") and self.forgets_tokens:
            return 400, "<errors/>"
        if name.startswith("tokens/"):
            number = name.removeprefix("tokens/").removesuffix(".xml").removeprefix("t")
            return 200, _many(
                "service_requests", "request", [{"service_request_id": number, "token": f"t{number}"}]
            )
        if name == "servicerequestupdates.xml" and self.has_updates:
            return 200, _many("service_requests_updates", "request_update", self._page(self.updates, form))
        return 404, "<errors><error><code>404</code><description>none</description></error></errors>"

    def _page(self, found: list[Form], form: Form) -> list[Form]:
        first = (int(form.get("page", "1")) - 1) * self.page_size if self.pages else 0
        return found[first : first + self.page_size]

    def _create(self, form: Form) -> tuple[int, str] | None:
        number = str(len(self.requests) + 1)
        self.requests.append({**form, "service_request_id": number, "status": "open"})
        if self.lose:
            self.lose -= 1
            return None
        said = {"token": f"t{number}"} if self.tokens else {"service_request_id": number}
        return 200, _many("service_requests", "request", [said])


def _many(outer: str, item: str, records: list[Form]) -> str:
    rows = "".join(
        f"<{item}>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in one.items()) + f"</{item}>"
        for one in records
    )
    return f'<?xml version="1.0" encoding="utf-8"?><{outer}>{rows}</{outer}>'


@asynccontextmanager
async def serving(foreign: Foreign) -> AsyncIterator[Foreign]:
    """Serve on a free port of loopback."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        sizes = [line.partition(":")[2] for line in lines if line.lower().startswith("content-length:")]
        body = await reader.readexactly(int(sizes[0])) if sizes else b""
        parts = urlsplit(target)
        fields = parse_qs(f"{parts.query}&{body.decode()}")
        if foreign.hang:
            await reader.read()  # says nothing, until the other side hangs up
            writer.close()
            return
        said = foreign.answer(method, parts.path, {name: values[0] for name, values in fields.items()})
        if said is not None:
            status, text = said
            content = text.encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-type: text/xml; charset=utf-8\r\n"
                f"content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    foreign.url = f"http://127.0.0.1:{port}/open311/v2"
    async with server:
        yield foreign
