"""From an outbox row to a message: names looked up, times in city time, nothing personal."""

from datetime import datetime
from typing import Any

from boot.alarm_notices import alarm_message_of, is_of_alarm
from boot.instruction_notices import instruction_message_of, is_of_instruction
from domain.catalogue import Category
from domain.place import Level
from domain.unit import Unit
from domain.views import CaseView
from notifications.context import LocalText, NoticeFacts, case_context
from notifications.delivery import Json, Message
from store.rows import OutboxRow
from usecases.city import City

ON_THE_HANDLING_CLOCK = frozenset(
    {
        "assignment",
        "reminder",
        "duty_call",
        "escalation",
        "overdue",
        "rework",
        "reopened",
        "return_decided",
        "urge",
    }
)
CLOSE_WORDS = {
    "solved": LocalText(zh="已解决", en="solved"),
    "explained": LocalText(zh="已解释说明", en="explained"),
    "partly": LocalText(zh="部分解决", en="partly solved"),
    "forced": LocalText(zh="强制结案", en="closed by order"),
}

WHY = ("refused_for", "missing", "why")
"""Where a notice says why, by a code."""
WHY_WORDS = {
    "out_of_scope": LocalText(zh="不属于受理范围", en="out of scope"),
    "statutory_channel": LocalText(zh="应通过法定途径办理", en="a statutory channel applies"),
    "in_hand": LocalText(zh="同一事项正在办理或已办结", en="the same matter is in hand or done"),
    "secret": LocalText(zh="涉及不宜公开事项", en="a confidential matter"),
    "illegal": LocalText(zh="违反法律法规或公序良俗", en="unlawful or improper"),
    "place": LocalText(zh="具体地点", en="the exact place"),
    "owner": LocalText(zh="责任主体", en="whose it is"),
    "evidence": LocalText(zh="证据材料", en="evidence"),
    "other": LocalText(zh="其他情况", en="further details"),
    "no_answer": LocalText(zh="多次询问未获答复", en="our questions were not answered"),
}


def message_of(*, city: City, row: OutboxRow, public_url: str) -> Message | None:
    """Return the message of a notice row; None when its case is gone."""
    if is_of_instruction(row):
        return instruction_message_of(city=city, row=row, public_url=public_url)
    if is_of_alarm(row):
        return alarm_message_of(city=city, row=row, public_url=public_url)
    view = city.store.case(case_no=row.case_no)
    if view is None:
        return None
    return Message(
        key=row.key,
        template=row.payload["template"],
        channel=row.payload["channel"],
        recipient=row.recipient or "",
        language="zh+en",
        context=context_of(
            city=city, view=view, payload=row.payload, public_url=public_url, at=row.created_at
        ),
    )


def context_of(
    *, city: City, view: CaseView, payload: dict[str, Any], public_url: str, at: datetime
) -> dict[str, Json]:
    """Return the variables of a notice."""
    said: dict[str, Any] = payload.get("context", {})
    category = city.pack.catalogue.get(view.category)
    unit = city.pack.tree.find(payload["unit"]) if payload.get("unit") else None
    due = said.get("due")
    facts = NoticeFacts(
        case_no=view.case_no,
        category=_category(category, view),
        unit=_unit(unit) or LocalText(zh="诉求人", en="reporter"),
        owner=_unit(city.pack.tree.find(view.owner)),
        areas=[area.name for area in view.place.chain],
        severity=view.severity,
        level=Level(view.level),
        at=at,
        timezone=city.pack.city.timezone,
        role="copy" if said.get("copy") else ("co_handler" if said.get("co_handler") else "owner"),
        about=str(said.get("about", "handling")),
        trigger=said.get("trigger"),
        deadline=datetime.fromisoformat(due) if due else _deadline(view, payload),
        limit=said.get("limit"),
        reason=next((WHY_WORDS[said[key]] for key in WHY if said.get(key) in WHY_WORDS), None),
        outcome=_outcome(city, payload["template"], said),
        other_case_no=said.get("master") or said.get("child") or said.get("alarm"),
        decision=_decision(said),
        # Somebody's own words go to the reporter they were said to, and to nobody else.
        words=said.get("words") if payload.get("report_no") else None,
        # A reporter has no business on the staff's pages.
        link=f"{public_url}/cases/{view.case_no}" if payload.get("unit") else None,
        total=said.get("times") or said.get("children"),
        exercise=view.exercise or bool(said.get("exercise")),
    )
    return case_context(facts=facts)


def _deadline(view: CaseView, payload: dict[str, Any]) -> datetime | None:
    """Return the deadline a notice is about: of handling, or the next one armed; none once it is over."""
    clock_of_its_own = payload["template"] in ("check_request", "return_requested", "arbitration")
    reminded = (
        payload["template"] in ("reminder", "duty_call") and payload["context"].get("about") != "handling"
    )
    if clock_of_its_own or reminded:
        return view.next_due
    return view.handling_due if payload["template"] in ON_THE_HANDLING_CLOCK else None


def _category(category: Category | None, view: CaseView) -> LocalText:
    if category is None:
        return LocalText(zh=view.category_name or "待定类", en="to be classified")
    return LocalText(zh=category.name_zh, en=category.name_en)


def _unit(unit: Unit | None) -> LocalText | None:
    return LocalText(zh=unit.name_zh, en=unit.name_en) if unit is not None else None


def _outcome(city: City, template: str, said: dict[str, Any]) -> LocalText | None:
    """Return how it was closed, or to whom it was handed over."""
    if template == "transferred":
        return _unit(city.pack.tree.find(str(said.get("to"))))
    return CLOSE_WORDS.get(str(said.get("close_kind")))


def _decision(said: dict[str, Any]) -> str | None:
    if "granted" not in said:
        return None
    return "granted" if said["granted"] else "refused"
