"""The simulated staff: what each does with a case it sees, always through the public API.

Handlers act for the owning unit, checkers for the unit asked to check, dispatchers and
operators for the city's command centre, supervisors for whoever was added by escalation.
"""

import asyncio
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from boot.demo.board import Board, View
from boot.demo.client import Client, Refused, actor
from boot.demo.clock import DayClock
from boot.demo.generate import Item
from boot.demo.scripts import MERGED
from domain.org import OrgTree
from domain.pack import COMMAND, CityPack
from domain.place import Level
from domain.unit import Unit

MARGIN = timedelta(minutes=2)
"""City time after a deadline before somebody acts who means to be late."""
SEEN_TRIAGED = ("triaging", "dispatched")


class LifeBroke(Exception):
    """A case did not go the way its script goes; says where."""


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """What the staff have in common. ``colleagues`` are kinds of unit a case may be given to instead."""

    client: Client
    board: Board
    clock: DayClock
    pack: CityPack
    colleagues: tuple[str, ...]
    seed: int

    @property
    def centre(self) -> str:
        """Return the city's command centre."""
        top = self.pack.areas.at(Level.CITY)[0]
        unit = self.pack.tree.responsible(kind=COMMAND, level=Level.CITY, area_code=top.code)
        return unit.code if unit is not None else ""


@dataclass(slots=True, kw_only=True)
class Staff:
    """The people around one case.

    ``companions`` are around the cases reported because of this one; ``settled`` is set once
    it is known whose the case is, or that it was merged.
    """

    city: City
    item: Item
    case_no: str = ""
    companions: "list[Staff]" = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0
    owners: set[str] = field(default_factory=set)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Draw this case's own chances, whatever happens to the others."""
        self.chance = random.Random(f"{self.city.seed}:{self.item.key}")  # noqa: S311 - a generated day

    @property
    def view(self) -> View:
        """Return the newest known view of the case."""
        return self.city.board.views[self.case_no]

    async def act(self, kind: str, *, role: str, unit: str | None, **fields: Any) -> View:
        """Send one command and note what the case looks like then. Raises Refused or Unanswered."""
        self.sent += 1
        name = f"{role}-{unit or 'city'}"
        view = await self.city.client.act(
            case_no=self.case_no,
            actor=actor(name=name, role=role, unit=unit),
            key=f"{self.case_no}-{self.sent}",
            command={"kind": kind, **fields},
        )
        self.city.board.note(view)
        return self.view

    async def see(self, *statuses: str) -> View:
        """Wait until the case is in one of these states."""
        return await self.city.board.until(self.case_no, statuses)

    async def pause(self, least: float, most: float) -> None:
        """Let some city minutes pass; a third of it where it is urgent."""
        minutes = self.chance.uniform(least, most)
        await self.city.clock.minutes(minutes / 3 if self.item.event.urgent else minutes)

    # --- operators and dispatchers ---------------------------------------------------------------

    async def taken(self) -> View:
        """Wait until somebody owns the case; an operator files what routing was not sure of."""
        view = await self.see(*SEEN_TRIAGED)
        if view["status"] == "triaging":
            await self.file_by_hand()
        self.settled.set()
        return self.view

    async def joined(self) -> None:
        """Wait until all that was reported because of this case has been judged, and has joined."""
        for companion in self.companions:
            await companion.settled.wait()
        merged = sum(companion.item.ends == (MERGED,) for companion in self.companions)
        await self.city.board.until(
            self.case_no, ("handling",), seen=lambda view: len(view["reports"]) > merged
        )

    async def file_by_hand(self) -> None:
        """File from triage with what the operator found out."""
        await self.pause(4, 12)
        fields = dict(self.item.triage)
        if self.view["decision"] and not fields and not self.view["decision"]["lead"]:
            fields["area_code"] = self.item.spot.chain[-1].code
        await self.triage("file_case", **fields, reason="电话核实 / asked by phone")

    async def triage(self, kind: str, **fields: Any) -> None:
        """Decide in triage, unless its limit ended first and the engine filed the case itself."""
        try:
            await self.act(kind, role="operator", unit=self.city.centre, **fields)
        except Refused as refused:
            if refused.code != "command_not_allowed_in_state":
                raise
            await self.see("dispatched")

    async def decide_return(self, kind: str, **fields: Any) -> None:
        """Answer a return; a dispatcher who is too late finds it in arbitration, and it is ruled."""
        try:
            await self.act(
                kind, role="dispatcher", unit=self.city.centre, reason="属实 / as stated", **fields
            )
        except Refused as refused:
            if refused.code != "command_not_allowed_in_state":
                raise
            await self.rule(fields.get("lead") or self.view["owner"])

    # --- the owning unit --------------------------------------------------------------------------

    async def sign_in(self) -> None:
        """Sign in and start handling, at once or in two steps."""
        unit = self.view["owner"]
        self.owners.add(unit)
        if self.chance.random() < 0.7:
            await self.act("sign_in", role="handler", unit=unit, assignee=f"crew-{self.chance.randrange(9)}")
            return
        await self.act("sign_in", role="leader", unit=unit)
        await self.act(
            "start_handling", role="handler", unit=unit, assignee=f"crew-{self.chance.randrange(9)}",
            contacted=self.item.visited,
        )  # fmt: skip

    async def handle(self, *, solved: bool = True) -> None:
        """Sign in, work, submit."""
        await self.pause(2, 12)
        await self.sign_in()
        await self.work()
        await self.submit(solved=solved)

    async def work(self) -> None:
        """Work on it: some tens of minutes, less than half of a short limit."""
        most = min(60.0, 0.4 * (self.item.event.minutes or 150.0))
        await self.city.clock.minutes(self.chance.uniform(0.3 * most, most))

    async def submit(self, *, solved: bool = True) -> None:
        """Hand in the result."""
        await self.act(
            "submit_result", role="handler", unit=self.view["owner"], solved=solved,
            result=self.item.event.condition.closing_zh or "已处理 / done",
            photos=[f"photo://{self.case_no}/{self.sent}"], contacted=self.item.visited,
        )  # fmt: skip

    async def request_return(self) -> Unit:
        """Ask to give the case away; return the unit proposed for it."""
        owner = self.view["owner"]
        self.owners.add(owner)
        other = self.another()
        await self.act(
            "request_return", role="leader", unit=owner, proposed_unit=other.code,
            reason="不属本单位职责 / not our duty", legal_basis="职责清单 / duty list",
        )  # fmt: skip
        return other

    def another(self) -> Unit:
        """Return a department beside the present owner that has not had the case."""
        tree = self.city.pack.tree
        owner = tree.get(self.view["owner"])
        for unit in (owner, *tree.parents(owner.code)):
            for beside in _beside(tree, unit, self.city.colleagues):
                if beside.code not in {*self.owners, owner.code}:
                    return beside
        raise LifeBroke(f"nobody beside {owner.code}")

    # --- supervisors and arbiters ------------------------------------------------------------------

    async def rule(self, lead: str) -> None:
        """Rule as the arbiter; where the level above has been asked meanwhile, that one rules."""
        view = await self.see("arbitration")
        reason = "裁定牵头单位 / ruled"
        try:
            await self.act("rule", role="supervisor", unit=view["arbiter"], lead=lead, reason=reason)
        except Refused as refused:
            if refused.code != "not_the_arbiter":
                raise
            self.city.board.note(await self.city.client.case(self.case_no))
            await self.act("rule", role="supervisor", unit=self.view["arbiter"], lead=lead, reason=reason)

    async def reassign(self) -> None:
        """Give the case to another unit, as the supervisor that was added last."""
        self.owners.add(self.view["owner"])
        await self.act(
            "reassign", role="supervisor", unit=self.view["supervisors"][-1], lead=self.another().code,
            reason="提级督办，改派 / supervised",
        )  # fmt: skip

    async def answer_orders(self) -> None:
        """Reply to every supervision order and seal it as who gave it, report an emergency: then a case closes."""
        for order in self.view["aspects"]["supervisions"]:
            number = order["id"]
            if order["status"] == "open":
                await self.act(
                    "reply_supervision", role="leader", unit=order["unit"], supervision=number,
                    reply="已整改到位，附说明 / done, with an account of it",
                )  # fmt: skip
            if order["status"] != "closed":
                await self.pause(2, 8)
                await self.act(
                    "review_supervision", role="supervisor", unit=order["by"], supervision=number, accepted=True,
                    reason="同意销号 / accepted",
                )  # fmt: skip
        await self.report_to_the_end()

    async def report_to_the_end(self) -> None:
        """Report an emergency in writing and to its end: no case on that track closes without it."""
        track = self.view["aspects"]["emergency"]
        if track is None or track["final_at"] is not None:
            return
        made = ("final",) if track["written_at"] is not None else ("written", "final")
        for report in made:
            await self.act(
                "report_event", role="supervisor", unit=self.supervising(), report=report, to_level="city",
                text="险情已处置，无人员伤亡 / made safe, nobody hurt",
            )  # fmt: skip

    # --- checkers, closers, visitors ---------------------------------------------------------------

    async def check(self, *, passed: bool) -> None:
        """Check on site, or judge the result at the desk; closes the case when it is good."""
        await self.answer_orders()
        await self.pause(5, 20)
        if self.view["status"] == "checking":
            note = "现场核查合格 / seen" if passed else "现场未整改到位 / not done"
            checker, place = self.view["checker"], self.view["place"]
            await self.act(
                "record_check", role="checker", unit=checker, passed=passed, note=note,
                photos=[f"photo://{self.case_no}/check-{self.sent}"], lon=place["lon"], lat=place["lat"],
            )  # fmt: skip
        elif passed:
            await self.act("close_case", role="operator", unit=self.supervising())
        else:
            await self.act(
                "send_back", role="dispatcher", unit=self.supervising(), reason="未办结 / not done"
            )

    def supervising(self) -> str:
        """Return a command centre that had no part in handling: it may close the case."""
        taken = {*self.owners, *self.view["co_handlers"], self.view["owner"]}
        above = (
            unit.code for unit in self.city.pack.tree.parents(self.view["owner"]) if unit.kind == COMMAND
        )
        for code in (*above, self.city.centre, *self._district_centres()):
            if code not in taken:
                return code
        raise LifeBroke("every command centre had a part in it")

    def _district_centres(self) -> Iterator[str]:
        """Yield the districts' centres, the case's own first: one of them judges what the city handled."""
        own = self.view["district"]
        areas = sorted(self.city.pack.areas.at(Level.DISTRICT), key=lambda area: area.code != own)
        for area in areas:
            unit = self.city.pack.tree.responsible(kind=COMMAND, level=Level.DISTRICT, area_code=area.code)
            if unit is not None:
                yield unit.code

    async def visit(self, *, reached: bool = True, solved: bool = True) -> None:
        """Call back every reporter who can be; three times those who do not answer."""
        if self.view["status"] != "visiting":
            return
        for report_no in self._to_call():
            for _ in range(1 if reached else 3):
                await self.pause(8, 30)
                await self._call(report_no, reached=reached, solved=solved)
                if self.view["status"] != "visiting":
                    return

    def _to_call(self) -> list[str]:
        """Return the reports of the case whose reporters left a number; alarms have nobody to call."""
        numbers = {staff.case_no for staff in (self, *self.companions) if staff.item.visited}
        return [number for number in self.view["reports"] if number in numbers]

    async def _call(self, report_no: str, *, reached: bool, solved: bool) -> None:
        said: dict[str, Any] = {}
        if reached:
            grade = self.chance.choice((3, 4, 5, 5)) if solved else 1
            said = {"contacted": True, "solved": solved, "grade": grade}
        await self.act(
            "record_visit", role="operator", unit=self.city.centre, report_no=report_no, reached=reached, **said
        )  # fmt: skip

    # --- time ----------------------------------------------------------------------------------------

    async def after_limit(self, times: float) -> None:
        """Wait until so many handling limits have passed since the case was dispatched."""
        start, due = _time(self.view["dispatched_at"]), _time(self.view["handling_due"])
        await self.city.clock.until(start + times * (due - start) + MARGIN)

    async def after_sign_in(self, times: float) -> None:
        """Wait until so many sign-in limits have passed; for limits whose clock never pauses."""
        limit = self.city.pack.severities[self.view["severity"]].stages.sign_in
        start = _time(self.view["dispatched_at"])
        await self.city.clock.until(start + times * timedelta(minutes=limit.amount) + MARGIN)


def _beside(tree: OrgTree, unit: Unit, kinds: Iterable[str]) -> Iterable[Unit]:
    for kind in kinds:
        found = tree.responsible(kind=kind, level=unit.level, area_code=unit.area_code)
        if found is not None and found.level is unit.level:
            yield found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
