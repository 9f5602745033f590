"""Live the lives that every later version of the workflow must be able to replay, and keep their histories.

``python -m tests.replay.record [NAME …]`` writes ``tests/replay/histories/*.json``. Before the
first release a history may be recorded anew when the workflow changes. From then on it stands
for open cases of a city that runs that version: it is kept, and a new one is added.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from boot.settings import Settings
from boot.wiring import grounds_of
from domain.errors import CommandRefused
from domain.messages import (
    CloseCase,
    FileCase,
    JoinReport,
    RecordCheck,
    RecordVisit,
    RefuseReturn,
    RequestReturn,
    Rule,
    SignIn,
    SubmitResult,
)
from store.engine import open_store
from tests.integration.temporal_env import Desk, clock_at, temporal_server
from tests.replay import rulebook_lives
from tests.unit.builders import (
    CHECKER,
    DISPATCHER,
    DISTRICT,
    MONDAY,
    OPERATOR,
    PLACE,
    POWER,
    REPORT,
    SYSTEM,
    WATER,
    beginning,
    decision,
    handler,
    supervisor,
)
from usecases.city import Grounds

FOLDER = Path(__file__).parent / "histories"
SHORT = "limit.historyCount.suggestContinueAsNew=12"
"""The one life that goes on as new needs a server that wants that early."""


async def standard(desk: Desk) -> str:
    """Signed in, done, checked, asked."""
    case_no = (await desk.start(beginning(site_check=True))).case_no
    await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
    await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
    await desk.send(case_no, RecordCheck, by=CHECKER, passed=True)
    await desk.send(case_no, RecordVisit, by=OPERATOR, report_no=REPORT, reached=True, solved=True, grade=5)
    return case_no


async def archived(desk: Desk) -> str:
    """The same at people's pace, through to the end of its retention."""
    state = await desk.start(beginning())
    case_no = state.case_no
    await desk.until(case_no, MONDAY + timedelta(hours=1))
    await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
    await desk.until(case_no, MONDAY + timedelta(hours=30))
    await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
    await desk.send(case_no, CloseCase, by=OPERATOR)
    await desk.to_the_end(case_no)
    return case_no


async def escalated(desk: Desk) -> str:
    """Nobody signs in until the city has been told; a refused command leaves no trace."""
    case_no = (await desk.start(beginning(2))).case_no
    await desk.until(case_no, MONDAY + timedelta(hours=2))
    try:
        await desk.send(case_no, SignIn, by=handler(POWER))
    except CommandRefused:
        await desk.send(case_no, SignIn, by=handler(WATER))
    return case_no


async def returned(desk: Desk) -> str:
    """Returned and refused; returned again by silence, ruled upon by the district."""
    case_no = (await desk.start(beginning())).case_no
    await desk.send(case_no, RequestReturn, by=handler(WATER), reason="not ours")
    await desk.send(case_no, RefuseReturn, by=DISPATCHER, reason="it is")
    other = (await desk.start(beginning())).case_no
    await desk.send(other, RequestReturn, by=handler(WATER), reason="not ours", proposed_unit=POWER)
    state = await desk.until(other, MONDAY + timedelta(hours=7))
    assert state.arbiter == DISTRICT
    await desk.send(other, Rule, by=supervisor(DISTRICT), lead=POWER, reason="the cable is theirs")
    await desk.send(other, SignIn, by=handler(POWER))
    return other


async def reopened(desk: Desk) -> str:
    """Solved, its reporter says it is not, solved again."""
    case_no = (await desk.start(beginning())).case_no
    for grade in (1, 5):
        await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
        await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
        await desk.send(case_no, CloseCase, by=OPERATOR)
        visit: dict[str, Any] = {"report_no": REPORT, "reached": True, "grade": grade}
        await desk.send(case_no, RecordVisit, by=OPERATOR, **visit)
    return case_no


async def triaged(desk: Desk) -> str:
    """Nobody's at first; late, then filed by hand."""
    case_no = (await desk.start(beginning(decision=decision(None)))).case_no
    await desk.until(case_no, MONDAY + timedelta(hours=3))
    given = {"category": "water.leak", "place": PLACE, "decision": decision()}
    await desk.send(case_no, FileCase, by=OPERATOR, **given)
    await desk.send(case_no, SignIn, by=handler(WATER))
    return case_no


async def renewed(desk: Desk) -> str:
    """Gone on as new twice, with deadlines and reports joining."""
    case_no = (await desk.start(beginning(2))).case_no
    for n in range(2, 8):
        await desk.send(case_no, JoinReport, by=SYSTEM, report_no=f"R-{n}", merged_case=f"C-{n}")
    await desk.until(case_no, MONDAY + timedelta(minutes=50))
    await desk.send(case_no, SignIn, by=handler(WATER))
    return case_no


LIVES: dict[str, Callable[[Desk], Awaitable[str]]] = {
    life.__name__: life
    for life in (
        standard, archived, escalated, returned, reopened, triaged, renewed, *rulebook_lives.LIVES,
    )
}  # fmt: skip


async def main(names: list[str]) -> None:
    """Live some lives, or all, and write their histories."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        grounds = grounds_of(Settings(data_dir=Path(folder)))
        for name in names or LIVES:
            async with _desk(grounds, Path(folder), name) as desk:
                await _write(desk, name, await LIVES[name](desk))


@asynccontextmanager
async def _desk(grounds: Grounds, folder: Path, name: str) -> AsyncIterator[Desk]:
    flags = (SHORT,) if name == "renewed" else ()
    store = open_store(f"sqlite:///{folder / name}.db")
    store.migrate()
    async with temporal_server(*flags) as env:
        desk = Desk(env=env, store=store, grounds=grounds, clock=clock_at(MONDAY))
        async with desk.worker():
            yield desk
    store.close()


async def _write(desk: Desk, name: str, case_no: str) -> None:
    """Write the history of each run of a case; who ran it on which machine is nobody's business."""
    run_id: str | None = (await desk.handle(case_no).describe()).run_id
    runs: list[dict[str, Any]] = []
    while run_id:
        history = (
            await desk.env.client.get_workflow_handle(case_no, run_id=run_id).fetch_history()
        ).to_json_dict()
        runs.insert(0, history)
        run_id = history["events"][0]["workflowExecutionStartedEventAttributes"].get(
            "continuedExecutionRunId"
        )
    for n, run in enumerate(runs, 1):
        file = FOLDER / (f"{name}-{n}.json" if len(runs) > 1 else f"{name}.json")
        text = json.dumps(_without_identity(run), ensure_ascii=False, indent=1, sort_keys=True)
        file.write_text(text + "\n", encoding="utf-8")
        sys.stdout.write(f"{file.name}: {len(run['events'])} events\n")


def _without_identity(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_identity(inner) for key, inner in value.items() if key != "identity"}
    return [_without_identity(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
