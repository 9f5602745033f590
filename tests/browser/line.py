"""A line between a telephone and the server that a test can break, for real: connections end, new ones are refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

BLOCK = 16 * 1024


class Line:
    """A port that leads to the server. ``sent`` counts the bytes that went there."""

    def __init__(self, *, host: str, port: int) -> None:
        """Keep where it leads."""
        self._to = (host, port)
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._port = 0
        self.sent = 0
        self.ends_at: int | None = None

    @property
    def url(self) -> str:
        """Return the address a browser uses."""
        return f"http://127.0.0.1:{self._port}"

    async def mend(self) -> None:
        """Let connections through, on the same port as before."""
        self.ends_at = None
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection and refuse new ones."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def break_after(self, size: int) -> None:
        """Break once this many more bytes went to the server."""
        self.ends_at = self.sent + size

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                there, back = await asyncio.open_connection(*self._to)
                try:
                    await self._both(reader, writer, there, back)
                finally:
                    back.close()
        finally:
            self._running.discard(task)
            writer.close()

    async def _both(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        ways = [asyncio.create_task(self._up(reader, back)), asyncio.create_task(_down(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _up(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while block := await reader.read(BLOCK):
            if self.ends_at is not None and self.sent >= self.ends_at:
                if self._server is not None:
                    self._server.close()
                    self._server = None
                return
            self.sent += len(block)
            back.write(block)
            await back.drain()


async def _down(there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await there.read(BLOCK):
        writer.write(block)
        await writer.drain()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """Return a line to a server, whole at first."""
    parts = urlsplit(url)
    line = Line(host=str(parts.hostname), port=int(parts.port or 80))
    await line.mend()
    try:
        yield line
    finally:
        await line.cut()
