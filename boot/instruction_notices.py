"""From an instruction's outbox row to a message: names looked up, times in city time.

Everything the words need is in the row: nothing is asked of the store, so that a fan-out
to thousands costs no question each.
"""

from datetime import datetime
from typing import Any

from domain.place import Level
from domain.unit import Unit
from notifications.context import LocalText, NoticeFacts, case_context
from notifications.delivery import Json, Message
from store.rows import OutboxRow
from usecases.city import City


def instruction_message_of(*, city: City, row: OutboxRow, public_url: str) -> Message:
    """Return the message of a notice row that belongs to an instruction."""
    return Message(
        key=row.key,
        template=row.payload["template"],
        channel=row.payload["channel"],
        recipient=row.recipient or "",
        language="zh+en",
        context=instruction_context_of(city=city, row=row, public_url=public_url),
    )


def is_of_instruction(row: OutboxRow) -> bool:
    """Tell whether a notice row belongs to an instruction, and not to a case."""
    return "instruction" in row.payload.get("context", {})


def instruction_context_of(*, city: City, row: OutboxRow, public_url: str) -> dict[str, Json]:
    """Return the variables of a notice of an instruction. The title's language is its writer's."""
    said: dict[str, Any] = row.payload["context"]
    issuer = city.pack.tree.find(said["issuer"])
    areas = city.pack.areas.lineage(issuer.area_code) if issuer is not None else ()
    facts = NoticeFacts(
        case_no=said["instruction"],
        category=LocalText(zh=said["title"]),
        unit=_name(city.pack.tree.find(row.payload["unit"])),
        owner=_name(issuer) or LocalText(zh=said["issuer"]),
        areas=[area.name for area in reversed(areas)],
        severity=row.priority,
        level=issuer.level if issuer is not None else Level.CITY,
        at=row.created_at,
        timezone=city.pack.city.timezone,
        about=said["about"],
        deadline=datetime.fromisoformat(said["due"]),
        limit=said["limit"],
        other_case_no=said["corrects"] or said["case_no"],
        link=f"{public_url}/instructions/{said['instruction']}",
        exercise=said["exercise"],
        reply=said["reply"],
        total=said.get("total"),
        missing=said.get("missing"),
        missing_units=[_zh(city, code) for code in str(said.get("missing_units", "")).split()],
    )
    return case_context(facts=facts)


def _name(unit: Unit | None) -> LocalText | None:
    return None if unit is None else LocalText(zh=unit.name_zh, en=unit.name_en)


def _zh(city: City, code: str) -> str:
    unit = city.pack.tree.find(code)
    return code if unit is None else unit.name_zh
