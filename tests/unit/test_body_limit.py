"""A body that is too large is refused, in however many pieces the server hands it over."""

from typing import Any

import pytest

from api.body_limit import BodyLimit

MOST = 1_000


async def never(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the application saw a body that is too large")


async def sent_for(pieces: list[bytes]) -> list[Any]:
    """Return what is sent for a body of undeclared length; whoever asks for more than there is would wait."""
    messages = [
        {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)}
        for n, piece in enumerate(pieces)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        assert messages, "asked for more of a body that is whole: a client would wait for its answer"
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/reports", "query_string": b"", "scheme": "http",
        "headers": [(b"transfer-encoding", b"chunked")], "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip
    await BodyLimit(never, most=MOST)(scope, receive, send)
    return sent


@pytest.mark.parametrize("pieces", [[b"x" * 3_000], [b"x" * 600] * 5, [b"x" * 900, b"x" * 900]])
async def test_a_body_that_is_too_large_is_refused_however_it_comes(pieces: list[bytes]) -> None:
    sent = await sent_for(pieces)
    assert sent[0]["status"] == 413
