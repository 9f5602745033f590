"""From an alarm's outbox row to a message: what a duty officer must know to assess it, nothing asked of the store."""

from datetime import datetime
from typing import Any

from domain.place import Level
from notifications.context import LocalText, NoticeFacts, case_context
from notifications.delivery import Json, Message, TemplateName
from store.rows import OutboxRow
from usecases.city import City

OF_ALARMS = frozenset({TemplateName.ALARM_ASSESS.value, TemplateName.ALARM_UNANSWERED.value})


def is_of_alarm(row: OutboxRow) -> bool:
    """Tell whether a notice row belongs to an alarm, and not to a case. Its number is the row's ``case_no``."""
    return row.payload.get("template") in OF_ALARMS


def alarm_message_of(*, city: City, row: OutboxRow, public_url: str) -> Message:
    """Return the message of a notice row that belongs to an alarm."""
    return Message(
        key=row.key,
        template=row.payload["template"],
        channel=row.payload["channel"],
        recipient=row.recipient or "",
        language="zh+en",
        context=alarm_context_of(city=city, row=row, public_url=public_url),
    )


def alarm_context_of(*, city: City, row: OutboxRow, public_url: str) -> dict[str, Json]:
    """Return the variables of a notice of an alarm; ``reason`` is its hazard, ``other_case_no`` its case."""
    said: dict[str, Any] = row.payload["context"]
    category = city.pack.catalogue.get(said["category"])
    hazard = city.pack.alarms.hazards.get(said["hazard"])
    unit = city.pack.tree.find(row.payload["unit"])
    area = said.get("area")
    areas = city.pack.areas.lineage(area) if area and city.pack.areas.get(area) is not None else ()
    due = said.get("due")
    facts = NoticeFacts(
        case_no=said["alarm"],
        category=LocalText(zh=category.name_zh, en=category.name_en)
        if category is not None
        else LocalText(zh=said.get("title") or said["category"]),
        unit=None if unit is None else LocalText(zh=unit.name_zh, en=unit.name_en),
        areas=[one.name for one in reversed(areas)],
        severity=said["severity"],
        level=unit.level if unit is not None else Level.CITY,
        at=row.created_at,
        timezone=city.pack.city.timezone,
        about=said.get("about", "assess"),
        deadline=datetime.fromisoformat(due) if due else None,
        reason=LocalText(zh=hazard.name_zh, en=hazard.name_en) if hazard is not None else None,
        other_case_no=said.get("case_no"),
        link=f"{public_url}/alarms/{said['alarm']}",
        exercise=bool(said.get("exercise")),
        missing=said.get("missed"),
    )
    return case_context(facts=facts)
