"""A changed pack on a running stack: seen by ``plan``, put in force by ``apply``, each case once."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from boot.stack import Stack
from domain.clock import due
from domain.limit import Limit
from store.engine import Store, open_store
from store.pack import load
from tests.functional.town import Town, handler
from tests.servers import Place, faults, place_of, running

WUHAN = Path(__file__).resolve().parents[2] / "cities" / "wuhan"
CATEGORY = "E0110"
CASES = 8


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A running stack, its town, and a changed pack beside the one in force."""

    place: Place
    stack: Stack
    town: Town
    draft: Path
    folder: Path

    async def run(self, *words: str) -> tuple[int, str]:
        """Run a command of ours to its end; return its code and what it said."""
        process = await self.start(*words)
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        env = {
            **os.environ,
            **self.place.env,
            "TEMPORAL_ADDRESS": f"127.0.0.1:{self.stack.ports.temporal}",
            "COLUMNS": "200",
        }
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "boot", *words, env=env,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    async def dues(self, numbers: list[str]) -> dict[str, str]:
        return {number: (await self.town.case(number))["handling_due"] for number in numbers}

    async def applied(self, number: str) -> int:
        return sum(fact["kind"] == "policy_applied" for fact in await self.town.facts(number))

    def store(self) -> Store:
        return open_store(self.place.settings.database)


def changed(old: Path, new: Path, *, limit: str) -> None:
    """Copy a pack, with another limit for every condition of the tests' category."""
    shutil.copytree(old, new)
    path = new / "catalogue" / "conditions.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = lines[0].split(",").index("limit")
    for n, line in enumerate(lines):
        parts = line.split(",")
        if parts[0] == CATEGORY:
            parts[place] = limit
            lines[n] = ",".join(parts)
    path.write_text("".join(lines), encoding="utf-8")


@asynccontextmanager
async def a_scene(folder: Path) -> AsyncIterator[Scene]:
    """Run a stack on a pack of its own."""
    pack, draft = folder / "pack", folder / "draft"
    shutil.copytree(WUHAN, pack)
    changed(pack, draft, limit="3WD")
    place = place_of(data=folder / "var", atlas=folder / "atlas", pack=pack)
    async with running(place=place) as stack, httpx.AsyncClient(base_url=stack.api_url, timeout=60) as http:
        town = Town(http=http, data=place.data)
        yield Scene(place=place, stack=stack, town=town, draft=draft, folder=folder)
    assert faults(place.data) == []


async def test_an_open_case_gets_the_new_limit_only_by_apply_and_once_each(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        numbers = [(await scene.town.dispatched(CATEGORY))["case_no"] for _ in range(CASES)]
        before = await scene.dues(numbers)
        chosen, left = numbers[:-2], numbers[-2:]
        (tmp_path / "chosen").write_text("\n".join(chosen), encoding="utf-8")
        plan = str(tmp_path / "plan.json")

        code, said = await scene.run(
            "plan", str(scene.draft), "--out", plan, "--cases", str(tmp_path / "chosen")
        )
        assert code == 0, said
        assert all(number in said for number in numbers), said
        assert f"{len(chosen)}/{CASES}" in said
        assert await scene.dues(numbers) == before
        assert await _limit_of_new(scene) != "3WD"

        await _killed_half_way(scene, plan)
        code, said = await scene.run("apply", plan, "--reason", "test")
        assert code == 0, said
        await _see(scene, chosen, left, before)

        code, again = await scene.run("apply", plan, "--reason", "test")
        assert code == 0, again
        assert "published before" in again
        assert f"{len(chosen)} 件 cases 早已下达" in again
        await _see(scene, chosen, left, before)
        await scene.town.until(lambda: _limit_of_new(scene), lambda limit: limit == "3WD")
        # The cases go on under the new rules.
        owner = (await scene.town.case(chosen[0]))["owner"]
        assert (await scene.town.act(chosen[0], "sign_in", handler(owner)))["status"] == "accepted"
        await _refused(scene, chosen[1])


async def _limit_of_new(scene: Scene) -> str:
    """Return the limit a new report of the category would get from the running API."""
    shown = (await scene.town.spot(CATEGORY)).preview
    limit = shown["decision"]["limit"]
    return limit if isinstance(limit, str) else f"{limit['amount']:g}{limit['unit']}"


async def _killed_half_way(scene: Scene, plan: str) -> None:
    """Apply, and kill it as soon as the first case has its order."""
    process = await scene.start("apply", plan, "--reason", "test")
    with closing(scene.store()) as store:
        while process.returncode is None and not _orders(store):  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.005)
    if process.returncode is None:
        process.kill()
    await process.communicate()


def _orders(store: Store) -> int:
    return store.pending(kinds=("deliver_command",))


async def _see(scene: Scene, chosen: list[str], left: list[str], before: dict[str, str]) -> None:
    """The chosen cases are due as the new limit says, and have taken it once; the others are as they were."""
    calendar = load(folder=scene.draft).calendar
    after = await scene.dues([*chosen, *left])
    for number in chosen:
        started = datetime.fromisoformat((await scene.town.case(number))["dispatched_at"])
        wanted = due(start=started, limit=Limit.parse("3WD"), calendar=calendar).at
        assert datetime.fromisoformat(after[number]) == wanted
        assert await scene.applied(number) == 1
    for number in left:
        assert after[number] == before[number]
        assert await scene.applied(number) == 0


async def _refused(scene: Scene, number: str) -> None:
    """A plan whose folder was changed, or that begins with another pack than the one in force, does nothing."""
    due_at, applied = await scene.dues([number]), await scene.applied(number)
    plan = str(scene.folder / "second.json")
    shutil.rmtree(scene.draft)
    changed(scene.place.settings.pack, scene.draft, limit="5WD")
    code, said = await scene.run("plan", str(scene.draft), "--out", plan, "--cases", "all")
    assert code == 0, said
    shutil.rmtree(scene.draft)
    changed(scene.place.settings.pack, scene.draft, limit="6WD")
    code, said = await scene.run("apply", plan)
    assert (code, "make a new plan" in said) == (1, True)

    shutil.rmtree(scene.place.settings.pack)
    changed(scene.draft, scene.place.settings.pack, limit="7WD")
    code, said = await scene.run("apply", plan)
    assert (code, "make a new plan" in said) == (1, True)
    assert await scene.dues([number]) == due_at
    assert await scene.applied(number) == applied
