"""A page reads no more of a body than it may have, whoever sends it and however it comes."""

from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from web.body_limit import MOST_BYTES, MOST_WITH_PHOTOS, BodyLimit

PIECE = b"x" * (MOST_BYTES // 2)


async def read(path: str, pieces: list[bytes], *, declared: int | None = None) -> tuple[int, int]:
    """Return how many bytes an application reads, and how many pieces are left unread."""
    messages = [
        {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)}
        for n, piece in enumerate(pieces)
    ]
    size = 0

    async def receive() -> Any:
        assert messages, "asked for more of a body that is whole: a browser would wait for its answer"
        return messages.pop(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal size
        del send
        async for part in Request(scope, receive).stream():
            size += len(part)

    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    try:
        await BodyLimit(app)(scope, receive, None)  # type: ignore[arg-type]
    except HTTPException:
        return -size, len(messages)
    return size, len(messages)


async def test_a_body_within_the_limit_is_read() -> None:
    assert await read("/sign-in", [PIECE, PIECE]) == (MOST_BYTES, 0)


@pytest.mark.parametrize("path", ["/sign-in", "/tasks/X/acts/y", "/cases/X/act/y"])
async def test_no_more_is_read_than_a_page_may_have(path: str) -> None:
    assert await read(path, [PIECE] * 3) == (-MOST_BYTES, 0)


async def test_what_says_that_it_is_too_large_is_not_read_at_all() -> None:
    assert await read("/sign-in", [b"x", b"y"], declared=MOST_BYTES + 1) == (0, 0)


async def test_an_endless_body_is_not_waited_for() -> None:
    read_, left = await read("/sign-in", [PIECE] * 40)
    assert read_ == -MOST_BYTES
    assert left > 0


@pytest.mark.parametrize("path", ["/tasks/X/act/submit_result", "/cases/X/act"])
async def test_a_form_with_photos_may_be_larger(path: str) -> None:
    assert await read(path, [PIECE] * 3) == (3 * len(PIECE), 0)
    assert await read(path, [b"x"], declared=MOST_WITH_PHOTOS + 1) == (0, 0)
