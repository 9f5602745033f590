"""The lives: what people do with a case of each kind, step by step, waiting for what they see."""

from collections.abc import Awaitable, Callable

from boot.demo.scripts import Life
from boot.demo.staff import LifeBroke, Staff


async def finish(staff: Staff) -> None:
    """Handle, check, visit: what everybody does once the way is clear."""
    await staff.handle()
    await staff.check(passed=True)
    await staff.visit()


async def prompt(staff: Staff) -> None:
    """Nothing goes wrong."""
    await staff.taken()
    await finish(staff)


async def joined(staff: Staff) -> None:
    """Others report the same, or something alike nearby, while it is handled; all get an answer."""
    await staff.taken()
    await staff.pause(2, 12)
    await staff.sign_in()
    await staff.joined()
    await staff.work()
    await _closing(staff)


async def late_sign_in(staff: Staff) -> None:
    """The owner signs in only after the case has gone up."""
    await staff.taken()
    await staff.after_sign_in(1.5)
    await finish(staff)


async def climb(staff: Staff) -> None:
    """Nobody signs in until the city has it, and the city names somebody else."""
    await staff.taken()
    await staff.city.board.until(staff.case_no, ("dispatched",), seen=lambda view: view["level"] == "city")
    await staff.pause(2, 6)
    await staff.reassign()
    await finish(staff)


async def overdue(staff: Staff) -> None:
    """Signed in in time, done too late."""
    await staff.taken()
    await staff.pause(2, 8)
    await staff.sign_in()
    await staff.after_limit(1.0)
    await _closing(staff)


async def overdue_twice(staff: Staff) -> None:
    """Done only after twice the limit, when a level above has been added."""
    await staff.taken()
    await staff.pause(2, 8)
    await staff.sign_in()
    await staff.after_limit(2.0)
    await _closing(staff)


async def reported_up(staff: Staff) -> None:
    """The owner has no means; the level above gives it to somebody else."""
    view = await staff.taken()
    await staff.pause(2, 12)
    await staff.sign_in()
    await staff.act("report_up", role="leader", unit=view["owner"], reason="无执法权限 / no authority")
    await staff.pause(5, 20)
    await staff.reassign()
    await finish(staff)


async def return_granted(staff: Staff) -> None:
    """Given to the wrong unit; the dispatcher agrees."""
    await staff.taken()
    await staff.pause(2, 12)
    other = await staff.request_return()
    await staff.pause(5, 20)
    await staff.decide_return("grant_return", lead=other.code)
    await finish(staff)


async def return_refused(staff: Staff) -> None:
    """The unit has to keep it; the refusal counts as its sign-in."""
    await staff.taken()
    await staff.pause(2, 12)
    await staff.request_return()
    await staff.pause(5, 20)
    await staff.decide_return("refuse_return")
    if staff.view["status"] == "dispatched":  # it was ruled instead: too late to refuse
        await staff.sign_in()
    await staff.work()
    await _closing(staff)


async def return_twice(staff: Staff) -> None:
    """Two units say it is not theirs; the district rules, and the ruling binds."""
    view = await staff.taken()
    first = view["owner"]
    await staff.pause(2, 12)
    other = await staff.request_return()
    await staff.pause(5, 20)
    await staff.decide_return("grant_return", lead=other.code)
    await staff.pause(2, 12)
    await staff.request_return()
    await staff.pause(10, 30)
    await staff.rule(first)
    await finish(staff)


async def return_undecided(staff: Staff) -> None:
    """No dispatcher answers; the limit takes it to arbitration by itself."""
    await staff.taken()
    await staff.pause(2, 8)
    other = await staff.request_return()
    await staff.see("arbitration")
    await staff.pause(5, 15)
    await staff.rule(other.code)
    await finish(staff)


async def rework(staff: Staff) -> None:
    """The check fails once."""
    await staff.taken()
    await staff.handle()
    await _again(staff)
    await staff.check(passed=True)
    await staff.visit()


async def rework_twice(staff: Staff) -> None:
    """The check fails twice, which takes the case up."""
    await staff.taken()
    await staff.handle()
    await _again(staff)
    await _again(staff)
    await staff.check(passed=True)
    await staff.visit()


async def reopened(staff: Staff) -> None:
    """The reporter says that nothing was solved."""
    await staff.taken()
    await staff.handle()
    await staff.check(passed=True)
    await staff.visit(solved=False)
    await staff.see("dispatched")
    await finish(staff)


async def unreached(staff: Staff) -> None:
    """Nobody answers the phone, three times: that is no satisfaction and no complaint."""
    await staff.taken()
    await staff.handle()
    await staff.check(passed=True)
    await staff.visit(reached=False)


async def withdrawn(staff: Staff) -> None:
    """The reporter calls again: it is settled."""
    await staff.taken()
    if staff.chance.random() < 0.5:
        await staff.pause(2, 12)
        await staff.sign_in()
    await staff.pause(5, 30)
    await staff.act(
        "cancel_case",
        role="operator",
        unit=staff.city.centre,
        reason="诉求人撤回 / withdrawn by the reporter",
    )


async def drill(staff: Staff) -> None:
    """A drill ends, though its severity could not be cancelled in earnest."""
    await staff.taken()
    await staff.pause(6, 12)
    await staff.sign_in()
    await staff.work()
    await staff.act("cancel_case", role="operator", unit=staff.city.centre, reason="演练结束 / end of drill")


async def explained(staff: Staff) -> None:
    """There is no legal basis for what is asked; it is explained."""
    await staff.taken()
    await staff.handle(solved=False)
    await staff.answer_orders()
    await staff.pause(10, 30)
    await staff.act(
        "close_case", role="operator", unit=staff.supervising(), close_kind="explained",
        reason="无政策依据，已解释 / no legal basis, explained",
    )  # fmt: skip
    await staff.visit()


async def forced(staff: Staff) -> None:
    """A leader closes it by order."""
    await staff.taken()
    await staff.handle(solved=False)
    await staff.answer_orders()
    await staff.pause(10, 30)
    await staff.act(
        "close_case", role="supervisor", unit=staff.supervising(), close_kind="forced",
        reason="涉法涉诉，转司法途径 / before a court",
    )  # fmt: skip
    await staff.visit()


async def not_ours(staff: Staff) -> None:
    """It lies in another city; the operator says so."""
    await staff.see("triaging")
    await staff.pause(4, 12)
    await staff.triage("cancel_case", reason="不在本市，已告知 / not in this city, the caller was told")


async def copy(staff: Staff) -> None:
    """The engine is sure that it is the same."""
    await staff.see("merged")
    staff.settled.set()


async def alike_same(staff: Staff) -> None:
    """An operator finds that the case nearby is the same."""
    view = await staff.see("triaging", "dispatched")
    if view["status"] == "triaging":
        await staff.pause(4, 12)
        if not view["proposals"]:
            raise LifeBroke("waits in triage without the case nearby as a proposal")
        await staff.triage("merge_into", master=view["proposals"][0], reason="同一事项 / the same")
    staff.settled.set()
    if staff.view["status"] != "merged":
        await finish(staff)


async def _again(staff: Staff) -> None:
    """Fail the check; the owner does it again."""
    await staff.check(passed=False)
    await staff.pause(5, 10)
    await staff.work()
    await staff.submit()


async def _closing(staff: Staff) -> None:
    await staff.submit()
    await staff.check(passed=True)
    await staff.visit()


LIVES: dict[Life, Callable[[Staff], Awaitable[None]]] = {
    Life.PROMPT: prompt,
    Life.LATE_SIGN_IN: late_sign_in,
    Life.CLIMB: climb,
    Life.OVERDUE: overdue,
    Life.OVERDUE_TWICE: overdue_twice,
    Life.REPORTED_UP: reported_up,
    Life.RETURN_GRANTED: return_granted,
    Life.RETURN_REFUSED: return_refused,
    Life.RETURN_TWICE: return_twice,
    Life.RETURN_UNDECIDED: return_undecided,
    Life.REWORK: rework,
    Life.REWORK_TWICE: rework_twice,
    Life.REOPENED: reopened,
    Life.UNREACHED: unreached,
    Life.WITHDRAWN: withdrawn,
    Life.EXPLAINED: explained,
    Life.FORCED: forced,
    Life.CROWD: joined,
    Life.NEIGHBOUR: joined,
    Life.COPY: copy,
    Life.ALIKE_SAME: alike_same,
    Life.ALIKE_OTHER: prompt,
    Life.NO_PLACE: prompt,
    Life.WRONG_POINT: prompt,
    Life.NOT_OURS: not_ours,
    Life.PLACEHOLDER: prompt,
    Life.UNCLASSIFIED: prompt,
    Life.DRILL: drill,
}
