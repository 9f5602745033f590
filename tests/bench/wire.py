"""A small HTTP/1.1 client for measuring: one connection, keep-alive, hardly any work of its own.

A full client library would use more of two cores than the server it measures.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(slots=True)
class Wire:
    """One keep-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str

    @classmethod
    async def open(cls, *, host: str, port: int) -> Self:
        """Connect."""
        reader, writer = await asyncio.open_connection(host, port)
        return cls(reader=reader, writer=writer, host=host)

    async def ask(self, method: str, path: str, body: Any = None, *, actor: str = "") -> tuple[int, Any]:
        """Send a request with a JSON body; return the status and the decoded answer."""
        data = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(data)}\r\n"
        head += "Content-Type: application/json\r\n" + (f"X-Cityops-Actor: {actor}\r\n" if actor else "")
        self.writer.write(head.encode() + b"\r\n" + data)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        status = int(answer[9:12])
        length = next(
            int(line.split(b":")[1])
            for line in answer.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        text = await self.reader.readexactly(length)
        return status, json.loads(text) if text else None

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        await self.writer.wait_closed()


@dataclass(slots=True)
class Timing:
    """Latencies in seconds, of which percentiles are asked."""

    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second over the whole run."""
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    def ms(self, share: float) -> float:
        """Return a percentile in milliseconds, for example ``ms(0.95)``."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


async def pour(
    *, port: int, path: str, bodies: Callable[[], Any], total: int, connections: int, expect: int
) -> Timing:
    """Send ``total`` requests over some connections, each waiting for its answer before the next."""
    timing, left = Timing(), [total]

    async def one() -> None:
        wire = await Wire.open(host="127.0.0.1", port=port)
        while left[0] > 0:
            left[0] -= 1
            body = bodies()
            begin = time.perf_counter()
            status, answer = await wire.ask("POST", path, body)
            timing.seconds.append(time.perf_counter() - begin)
            if status != expect:
                raise RuntimeError(f"{path} answered {status}: {answer}")
        await wire.close()

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    timing.elapsed = time.perf_counter() - begin
    return timing
