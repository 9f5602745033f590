"""From an outbox row to a message: names looked up, times in city time, nothing personal."""

from datetime import datetime
from typing import Any

from domain.catalogue import Category
from domain.place import Level
from domain.unit import Unit
from domain.views import CaseView
from notifications.context import LocalText, NoticeFacts, case_context
from notifications.delivery import Json, Message
from store.rows import OutboxRow
from usecases.city import City

CLOSE_WORDS = {
    "solved": LocalText(zh="已解决", en="solved"),
    "explained": LocalText(zh="已解释说明", en="explained"),
    "partly": LocalText(zh="部分解决", en="partly solved"),
    "forced": LocalText(zh="强制结案", en="closed by order"),
}


def message_of(*, city: City, row: OutboxRow, public_url: str) -> Message | None:
    """Return the message of a notice row; None when its case is gone."""
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
        deadline=datetime.fromisoformat(due) if due else view.handling_due,
        limit=said.get("limit"),
        outcome=CLOSE_WORDS.get(str(said.get("close_kind"))),
        other_case_no=said.get("master"),
        decision=_decision(said),
        link=f"{public_url}/cases/{view.case_no}",
    )
    return case_context(facts=facts)


def _category(category: Category | None, view: CaseView) -> LocalText:
    if category is None:
        return LocalText(zh=view.category_name or "待定类", en="to be classified")
    return LocalText(zh=category.name_zh, en=category.name_en)


def _unit(unit: Unit | None) -> LocalText | None:
    return LocalText(zh=unit.name_zh, en=unit.name_en) if unit is not None else None


def _decision(said: dict[str, Any]) -> str | None:
    if "granted" not in said:
        return None
    return "granted" if said["granted"] else "refused"
