"""The pages on a port of their own with somebody signed in, for tests that look through a real browser."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from boot.api import build
from boot.settings import Settings
from boot.stack import free_port
from domain.account import Grant, Post
from store.rows_people import Account
from usecases.city import City
from usecases.signing import Passed, open_session

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class MapSite:
    """Where the pages are, the cookie of a city supervisor, and the city behind them."""

    url: str
    cookie: str
    city: City


@contextmanager
def map_site(settings: Settings, *, data: Path) -> Iterator[MapSite]:
    """Serve the site on a free port until the block ends. ``settings`` name a migrated database."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    own = settings.model_copy(update={"demo_mode": False, "public_url": url, "data_dir": data})
    site = build(own)
    server = uvicorn.Server(
        uvicorn.Config(site, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + _PATIENCE_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the pages did not start")
        time.sleep(0.05)
    try:
        city: City = site.api.state.service.city
        yield MapSite(url=url, cookie=_signed_in(city), city=city)
    finally:
        server.should_exit = True
        thread.join(_PATIENCE_S)


def _signed_in(city: City) -> str:
    now = datetime.now(UTC)
    grants = (Grant(post=Post.CITY_SUPERVISOR, unit="4201-COMMAND"),)
    account = Account(account="looker", name="Looker", created_at=now, password_at=now, grants=grants)
    city.store.add_account(account=account)
    found = city.store.account(account="looker")
    assert found is not None
    return open_session(city=city, account=found, passed=Passed(way="password", strong=True), at=now).token
