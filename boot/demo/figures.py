"""The day's closing figures, from what the API says of every case."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.case import Trigger
from routing.words import FLOOR

History = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The day in numbers. Latencies are machine seconds from accepted to dispatched, sorted."""

    channels: Counter[str]
    statuses: Counter[str]
    levels: Counter[str]
    triggers: Counter[str]
    on_time: int
    late: int
    merged: int
    joined: int
    reopened: int
    returned: int
    arbitrated: int
    reworked: int
    triaged: int
    reminded_top: int
    ordered: int
    sealed: int
    latencies: tuple[float, ...]
    messages: Mapping[str, int]

    def latency(self, share: float) -> float | None:
        """Return a quantile of the latencies by the nearest rank, None when there are none."""
        if not self.latencies:
            return None
        rank = max(0, min(len(self.latencies) - 1, round(share * len(self.latencies)) - 1))
        return self.latencies[rank]


def figures(*, histories: Sequence[History], speed: float, owed: Mapping[str, int]) -> Figures:
    """Count. ``speed`` is how much faster the city's clock ran; ``owed`` what the auditor still sees."""
    cases = [history["case"] for history in histories]
    facts = [fact for history in histories for fact in history["facts"]]
    kinds = Counter(fact["kind"] for fact in facts)
    judged = Counter(case["on_time"] for case in cases)
    raised = [fact for fact in facts if fact["kind"] in ("escalated", "arbitration")]
    waits = (_dispatched_after(history) for history in histories)
    return Figures(
        channels=Counter(case["channel"] for case in cases),
        statuses=Counter(case["status"] for case in cases),
        levels=Counter(case["level"] for case in cases),
        triggers=Counter(fact["data"].get("trigger", "?") for fact in raised)
        + Counter({Trigger.SEVERITY.value: sum(_entered_high(case) for case in cases)}),
        on_time=judged[True],
        late=judged[False],
        merged=sum(case["status"] == "merged" for case in cases),
        joined=kinds["report_joined"],
        reopened=sum(case["reopened"] > 0 for case in cases),
        returned=kinds["return_requested"],
        arbitrated=kinds["arbitration"],
        reworked=sum(case["reworks"] for case in cases),
        triaged=kinds["triaged"],
        reminded_top=kinds["top_reminded"],
        ordered=kinds["supervision_opened"],
        sealed=kinds["supervision_closed"],
        latencies=tuple(sorted(wait / speed for wait in waits if wait is not None)),
        messages=owed,
    )


def _entered_high(case: Mapping[str, Any]) -> bool:
    """Tell whether routing let a severe case enter above its category's level (E1)."""
    decision = case["decision"]
    return decision is not None and any(reason["rule"] == FLOOR for reason in decision["reasons"])


def _dispatched_after(history: History) -> float | None:
    """Return the city seconds until the engine dispatched it; None where people filed it first."""
    for fact in history["facts"]:
        if fact["kind"] == "triage_waits":
            return None
        if fact["kind"] == "dispatched":
            received = datetime.fromisoformat(history["case"]["received_at"])
            return (datetime.fromisoformat(fact["at"]) - received).total_seconds()
    return None
