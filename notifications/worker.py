"""Renders untrusted templates in a process of its own, with CPU, memory and wall limits.

Why a process: a thread cannot be stopped, and memory taken inside the relay is the relay's
own death. Why one that stays: starting Python and Jinja2 costs a few hundred milliseconds
on a small machine, a render in a running worker a millisecond. The price is that the CPU
limit is re-armed before every job in whole seconds, so a bomb burns between one and two
seconds, then the process is gone and the next job starts a new one.

Jobs go one at a time. That is deliberate: a city's own templates can never use more than
one core, and a slow one delays notices instead of the machine.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notifications.delivery import Json
from notifications.sandbox import UnableToRender

_START = "import sys; sys.path.insert(0, sys.argv[1]); from notifications.worker_main import main; main()"
_ROOT = str(Path(__file__).resolve().parent.parent)
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerLimits:
    """CPU seconds of one job (rounded up by the kernel), address space in bytes, wall seconds."""

    cpu_s: int = 1
    memory_bytes: int = 256 << 20
    wall_s: float = 10.0
    start_s: float = 60.0


class TemplateWorker:
    """A handle on the worker process, which is started by the first job. Close it with ``aclose``."""

    def __init__(self, *, limits: WorkerLimits | None = None) -> None:
        self._limits = limits or WorkerLimits()
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def render(self, *, source: str, language: str, context: Mapping[str, Json], max_chars: int) -> str:
        """Return the text; raise UnableToRender with the code of what went wrong.

        A cancelled or timed-out job takes the process with it: its answer would otherwise
        be read as the next job's.
        """
        job = {"source": source, "language": language, "context": context, "max_chars": max_chars}
        async with self._turn:
            process = await self._started()
            try:
                async with asyncio.timeout(self._limits.wall_s):
                    answer = await self._ask(process, {**job, "cpu_s": self._limits.cpu_s})
            except TimeoutError:
                await self._stop()
                raise UnableToRender("wall_limit") from None
            except BaseException:
                await self._stop()
                raise
        if "text" in answer:
            return str(answer["text"])
        raise UnableToRender(str(answer.get("problem", "error")))

    async def aclose(self) -> None:
        """End the process, if there is one."""
        async with self._turn:
            await self._stop()

    async def _started(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._stop()
        command = (sys.executable, "-I", "-X", "utf8", "-c", _START, _ROOT, str(self._limits.memory_bytes))
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={},
                limit=_LONGEST_LINE,
                start_new_session=True,
            )
            self._process = process
            async with asyncio.timeout(self._limits.start_s):
                await self._answer(process)
        except (OSError, TimeoutError, UnableToRender):
            await self._stop()
            raise UnableToRender("worker_not_started") from None
        except BaseException:
            await self._stop()
            raise
        return process

    async def _ask(self, process: Process, job: Mapping[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None  # noqa: S101
        try:
            process.stdin.write(json.dumps(job).encode() + b"\n")
            await process.stdin.drain()
        except ConnectionError:
            raise UnableToRender("worker_died") from None
        answer = await self._answer(process)
        if answer.get("problem") == "memory_limit":
            await self._stop()
        return answer

    async def _answer(self, process: Process) -> dict[str, Any]:
        assert process.stdout is not None  # noqa: S101
        try:
            line = await process.stdout.readline()
        except ValueError:  # longer than any answer the worker can give
            raise UnableToRender("worker_died") from None
        if not line.endswith(b"\n"):
            status = await process.wait()
            raise UnableToRender("cpu_limit" if status == -signal.SIGXCPU else "worker_died")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
