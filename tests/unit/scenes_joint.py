"""Scenes of the refusals of joint handling."""

from dataclasses import replace
from typing import Any

from domain.beginning import Begin
from domain.errors import RefusalCode
from domain.messages import CancelCase
from domain.messages_command import JoinParent, MarkSpan, OpenChild, WaiveChild
from domain.place import AreaRef, Level, Place
from tests.unit.builders import (
    DISPATCHER,
    OPERATOR,
    PLACE,
    ROADS,
    SYSTEM,
    TRIAGE,
    WATER,
    Played,
    a_case,
    a_full_case,
    beginning,
    decision,
    full_rules,
    handler,
    limit,
)
from tests.unit.scenes import Refused

OTHER_STREET = replace(
    PLACE,
    chain=(*PLACE.chain[:2], AreaRef(level=Level.STREET, code="c-d1-s2", name="二街")),
)
OTHER_DISTRICT = replace(
    PLACE,
    chain=(
        PLACE.chain[0],
        AreaRef(level=Level.DISTRICT, code="c-d2", name="二区"),
        AreaRef(level=Level.STREET, code="c-d2-s1", name="三街"),
    ),
)
PARENT = "20260914-0000-0009"


def number_of(n: int) -> str:
    """Return the number of the n-th child."""
    return f"20260914-0001-{n:04}"


def child_begin(n: int = 1, *, lead: str = ROADS, place: Place = PLACE, **changes: Any) -> Begin:
    """Return what the n-th child begins with: a road crew's, one working day."""
    given: dict[str, Any] = {
        "case_no": number_of(n),
        "report_no": "",
        "category": "road.hole",
        "channel": "hotline",
        "place": place,
        "decision": decision(lead, limit=limit("1WD")),
        "rules": full_rules(3),
        "triage_unit": TRIAGE,
        "wants_visit": False,
    }
    return beginning(**(given | changes))


def opened(children: int = 1, *, mandatory: bool = True, case: Played | None = None) -> Played:
    """Return a joint case of the water company with children of the road crew."""
    parent = case or a_full_case()
    for n in range(1, children + 1):
        parent.do(OpenChild, by=handler(WATER), begin=child_begin(n), text=f"part {n}", mandatory=mandatory)
    return parent


def waived() -> Played:
    """Return a joint case that does not wait for its child any more."""
    case = opened()
    case.do(WaiveChild, by=handler(WATER), child=number_of(1), reason="not needed")
    return case


def joined() -> Played:
    """Return a case that has become a child."""
    case = a_case()
    case.do(JoinParent, by=SYSTEM, parent=PARENT)
    return case


SCENES: dict[RefusalCode, Refused] = {
    RefusalCode.CHILDREN_OPEN: (opened, CancelCase, OPERATOR, {"reason": "a mistake"}),
    RefusalCode.UNKNOWN_ITEM: (opened, WaiveChild, DISPATCHER, {"child": "x", "reason": "why"}),
    RefusalCode.ITEM_SETTLED: (waived, WaiveChild, DISPATCHER, {"child": number_of(1), "reason": "again"}),
    RefusalCode.OWN_PARENT: (a_case, JoinParent, DISPATCHER, {"parent": "20260914-0000-0001"}),
    RefusalCode.HAS_PARENT: (joined, JoinParent, DISPATCHER, {"parent": number_of(8)}),
    RefusalCode.RULEBOOK_REQUIRED: (a_case, MarkSpan, DISPATCHER, {"areas": ("c-d1-s2",)}),
    RefusalCode.TOO_MANY_LEVELS: (a_case, JoinParent, DISPATCHER, {"parent": PARENT, "levels": 6}),
    RefusalCode.TOO_MANY_CHILDREN: (
        lambda: opened(200), OpenChild, handler(WATER), {"begin": child_begin(201), "text": "one more"},
    ),
}  # fmt: skip
