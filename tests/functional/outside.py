"""Outside demo mode: a second API process on a stack's data, and the command line beside it."""

import asyncio
import sys
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from typer.testing import CliRunner

from boot.cli import app
from boot.stack import Stack, free_port
from tests.servers import answering


@pytest_asyncio.fixture(scope="session")
async def strict(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a second API process on the same data, outside demo mode."""
    port = free_port()
    log = (stack.data / "log" / "api-strict.log").open("ab")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "boot", "api", "--port", str(port),
        env={**stack.part("api").env, "CITYOPS_DEMO_MODE": "false"},
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as http:
            await answering(http)
            yield http
    finally:
        process.terminate()
        await process.wait()
        log.close()


async def cityops(stack: Stack, *words: str, code: int = 0) -> str:
    """Run the command line on a stack's data and return what it prints; its exit code must be ``code``.

    In this process: a fresh one takes seconds to import what is here already.
    """
    env = {name: text for name, text in stack.part("api").env.items() if name.startswith("CITYOPS_")}
    said = await asyncio.to_thread(lambda: CliRunner().invoke(app, words, env={**env, "COLUMNS": "200"}))
    assert said.exit_code == code, f"{words}: {said.exit_code} {said.output} {said.exception}"
    return said.stdout.strip()


async def new_source(stack: Stack, name: str, *options: str, channel: str, scope: str) -> str:
    """Add a source by the command line and return its API key."""
    await cityops(stack, "source", "add", name, "--channel", channel, "--scope", scope, *options)
    return await cityops(stack, "source", "key", name)
