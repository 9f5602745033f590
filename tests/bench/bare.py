"""The yardstick: FastAPI and SQLite with nothing of ours. Run as a process by the bench.

``python -m tests.bench.bare PORT FILE``: POST /insert writes one row in one transaction
with the same durability as the store (WAL, synchronous=FULL); POST /keep keeps a body as it came.
"""

import asyncio
import sqlite3
import sys
import threading

import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel


class Body(BaseModel):
    """A body of about the size of a report."""

    channel: str
    category: str
    description: str
    place: dict[str, float]
    reporter: dict[str, str]


def build(file: str) -> FastAPI:
    """Return the application."""
    app, local = FastAPI(), threading.local()
    with sqlite3.connect(file) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, body TEXT)")

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "db"):
            local.db = sqlite3.connect(file, timeout=10, isolation_level=None)
            local.db.execute("PRAGMA synchronous=FULL")
        return local.db  # type: ignore[no-any-return]

    @app.post("/insert", status_code=201)
    def insert(body: Body) -> dict[str, int | None]:
        cursor = connection().execute("INSERT INTO rows (body) VALUES (?)", (body.model_dump_json(),))
        return {"id": cursor.lastrowid}

    @app.post("/keep", status_code=202)
    async def keep(request: Request) -> dict[str, int | None]:
        body = await request.body()
        cursor = await asyncio.to_thread(
            lambda: connection().execute("INSERT INTO rows (body) VALUES (?)", (body,))
        )
        return {"id": cursor.lastrowid}

    return app


if __name__ == "__main__":
    uvicorn.run(
        build(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False
    )
