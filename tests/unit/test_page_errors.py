"""What the log is told of a request that went wrong."""

from starlette.requests import Request

from web.errors import _told


def asked(path: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""})


def test_the_log_has_no_address_that_lets_somebody_in() -> None:
    assert _told(asked("/wall/join/a-token")) == "/wall/join/…"
    assert _told(asked("/cases")) == "/cases"
