"""The process in which a city's own templates are compiled and rendered.

It is started by ``notifications.worker`` with an empty environment (so there is no secret
in it), reads one JSON job a line and answers one JSON line. Before each job it allows
itself a little more CPU time; the kernel ends it when that is used up. It ends by itself
when its parent is gone (end of input).
"""

import json
import math
import resource
import sys
from typing import Any

from notifications.sandbox import UnableToRender, render_source


def main() -> None:
    """Serve jobs until the end of input. Arguments: memory limit in bytes."""
    memory = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    _answer({"ready": True})
    for line in sys.stdin.buffer:
        job = json.loads(line)
        _allow_cpu(seconds=int(job.pop("cpu_s")))
        answer = _render(job)
        _answer(answer)
        if answer.get("problem") == "memory_limit":
            return  # a process that ran out of memory once is not worth keeping


def _allow_cpu(*, seconds: int) -> None:
    """Move the soft limit ahead of what is used. Whole seconds is all the kernel knows."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _render(job: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"text": render_source(**job)}
    except UnableToRender as problem:
        return {"problem": problem.code}


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
