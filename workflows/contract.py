"""What crosses between callers and the case workflow: names, argument types, search attributes.

The workflow's input is the whole ``CaseState``: starting a case and continuing one as new
are the same thing. One argument a message, fields only ever added (ADR 0004).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field
from temporalio.common import Priority, SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.case import CaseState
from domain.messages import Command
from domain.place import Level

TASK_QUEUE = "cityops-cases"
WORKFLOW = "Case"
ACT = "act"
STATE = "state"

TASK_TIMEOUT = timedelta(seconds=5)
"""A worker that dies is replaced after this (the server's default is 10 s)."""

CATEGORY = SearchAttributeKey.for_keyword("CaseCategory")
DISTRICT = SearchAttributeKey.for_keyword("CaseDistrict")
CHANNEL = SearchAttributeKey.for_keyword("CaseChannel")
SEVERITY = SearchAttributeKey.for_int("CaseSeverity")
LEVEL = SearchAttributeKey.for_int("CaseLevel")
SEARCH_ATTRIBUTES = (CATEGORY, DISTRICT, CHANNEL, SEVERITY, LEVEL)
"""For operators of Temporal only; lists and counts for people come from the store.

All are set at the start, which costs no event; only the level is changed later, when a
case goes up. None holds personal data.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """The argument of the ``act`` update: one command."""

    command: Annotated[Command, Field(discriminator="kind")]


def search_attributes(state: CaseState) -> TypedSearchAttributes:
    """Return the search attributes a case starts with."""
    district = state.place.area(Level.DISTRICT)
    return TypedSearchAttributes(
        [
            SearchAttributePair(CATEGORY, state.category),
            SearchAttributePair(DISTRICT, district.code if district is not None else "unlocated"),
            SearchAttributePair(CHANNEL, state.channel or "unknown"),
            SearchAttributePair(SEVERITY, state.severity),
            SearchAttributePair(LEVEL, int(state.level)),
        ]
    )


def priority(state: CaseState) -> Priority:
    """Return the task priority: severity 1 is served first."""
    return Priority(priority_key=max(1, min(5, state.severity)))


def summary(state: CaseState) -> str:
    """Return the one line the Temporal Web UI shows for a case (≤ 400 bytes)."""
    return f"S{state.severity} {state.category} {state.category_name}"[:120]


def details(state: CaseState) -> str:
    """Return the lines the Temporal Web UI shows of a case's present state.

    The summary is repeated: the server drops it when a case goes on as new.
    """
    lines = [
        summary(state),
        f"**{state.status.value}** · level {state.level.name} · owner `{state.owner}`",
        f"- category: {state.category} {state.category_name} (severity {state.severity})",
        f"- supervisors: {', '.join(state.supervisors) or '–'}",
        f"- handling due: {state.handling_due or '–'} · total due: {state.total_due or '–'}",
    ]
    lines += [f"- next: {deadline.name.value} at {deadline.at}" for deadline in state.deadlines[:3]]
    return "\n".join(lines)
