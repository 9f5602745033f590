"""A database that does not answer: the caller reads 503 and may come again; nothing was promised."""

from pathlib import Path

import httpx
import pytest

from boot.api import build
from boot.settings import Settings
from boot.stack import free_port

REPORT = {"channel": "hotline", "description": "路灯不亮", "place": {"address": "江岸区大智街道"}}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v1/cases"), ("POST", "/api/v1/reports"), ("GET", "/readyz")]
)
async def test_a_database_that_is_away_is_503_with_retry_after(
    tmp_path: Path, method: str, path: str
) -> None:
    nobody = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/cityops"
    app = build(Settings(data_dir=tmp_path, database_url=nobody, demo_mode=True))
    async with app.api.router.lifespan_context(app.api):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://city") as http:
            answer = await http.request(method, path, json=REPORT if method == "POST" else None)
    assert answer.status_code == 503
    assert answer.json()["code"] == "overloaded"
    assert int(answer.headers["retry-after"]) > 0
