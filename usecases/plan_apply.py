"""``cityops apply``: the planned rules are put in force for the chosen open cases, each once.

Every case gets a command under one request id per version, kept in the inbox and delivered
by the relay like a person's. Whoever is killed half-way applies again: what is kept stays.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from domain.actor import Actor
from domain.case import ENDED
from domain.messages_command import ApplyPolicy
from store.rows import InboxRow
from usecases.city import City, Grounds
from usecases.gateway import UnableToReachCase
from usecases.plan import AT_ONCE, NOT_RUNNING, UNREACHABLE, policy_command, request_id

PUT, KNOWN, ENDED_MEANWHILE = "put", "known", "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """Who applies which rules, and why."""

    grounds: Grounds
    actor: Actor
    reason: str

    @property
    def version(self) -> str:
        """Return the version that is applied."""
        return self.grounds.pack.version


async def put_all(*, city: City, cases: Sequence[str], application: Application) -> Counter[str]:
    """Keep the command for each case; return how many were ``put``, ``known``, ``ended``, or not reached.

    Where a whole batch is not reached, the rest is not tried: Temporal is away.
    """
    found: Counter[str] = Counter()
    for first in range(0, len(cases), AT_ONCE):
        batch = cases[first : first + AT_ONCE]
        fates = await asyncio.gather(*(_put(city, case_no, application) for case_no in batch))
        found.update(fates)
        if set(fates) == {UNREACHABLE}:
            found[UNREACHABLE] += len(cases) - first - len(batch)
            break
    return found


async def _put(city: City, case_no: str, application: Application) -> str:
    known = await asyncio.to_thread(_kept, city, case_no, application.version)
    if known is not None:
        return KNOWN
    try:
        state = await city.cases.state(case_no=case_no)
    except UnableToReachCase:
        return UNREACHABLE
    if state is None:
        return NOT_RUNNING
    if state.status in ENDED:
        return ENDED_MEANWHILE
    command = await asyncio.to_thread(
        lambda: policy_command(
            grounds=application.grounds, state=state, actor=application.actor, reason=application.reason
        )
    )
    await asyncio.to_thread(_keep, city, case_no, command)
    return PUT


def _keep(city: City, case_no: str, command: ApplyPolicy) -> None:
    """Another one who applies at the same time may be first: then theirs is kept."""
    city.store.put_command(case_no=case_no, command=command, received_at=city.now(), grace_s=0.0)


def _kept(city: City, case_no: str, version: str) -> InboxRow | None:
    return city.store.command(request_id=request_id(version=version, case_no=case_no))


def fates(*, city: City, cases: Sequence[str], version: str) -> dict[str, list[str]]:
    """Return the cases by what became of their command: ``pending``, ``done``, or a refusal's code."""
    found: dict[str, list[str]] = {}
    for case_no in cases:
        row = _kept(city, case_no, version)
        if row is not None:
            fate = row.code if row.status == "refused" and row.code is not None else row.status
            found.setdefault(fate, []).append(case_no)
    return found
