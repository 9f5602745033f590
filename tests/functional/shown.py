"""What a functional test shows of the rulebook, by its marks: rows of the table, triggers, deadlines.

``rows`` names a row by its number; a row that stands in the table in several parts by number
and letter, in the table's order: "9a" is the answer that came, "9b" the answer that did not.
"""

from collections.abc import Iterable

from domain.case import Status, Trigger
from domain.transitions import TRANSITIONS, Transition


def parts() -> dict[str, Transition]:
    """Return every part of the table by the name a mark gives it."""
    found: dict[str, Transition] = {}
    for number in dict.fromkeys(one.row for one in TRANSITIONS):
        same = [one for one in TRANSITIONS if one.row == number]
        for letter, part in zip("abcdefgh", same, strict=False):
            found[f"{number}{letter if len(same) > 1 else ''}"] = part
    return found


def triggers() -> tuple[str, ...]:
    """Return the triggers of escalation, E1 to E9."""
    return tuple(one.value for one in Trigger if one.value.startswith("E"))


def named(*marked: object) -> set[str]:
    """Return what a mark names. Raises ValueError for what is neither a row, a part nor a trigger."""
    names = {str(one) for one in marked}
    unknown = names - set(parts()) - set(triggers())
    if unknown:
        raise ValueError(f"no such row or trigger: {', '.join(sorted(unknown))}")
    return names


def not_shown(names: Iterable[str], facts: Iterable[dict[str, object]]) -> set[str]:
    """Return which of the marks none of these facts is about."""
    read = list(facts)
    table = parts()
    return {name for name in names if not any(_is_of(name, table.get(name), fact) for fact in read)}


def _is_of(name: str, part: Transition | None, fact: dict[str, object]) -> bool:
    data = fact["data"]
    if part is None:
        return isinstance(data, dict) and name in (data.get("trigger"), data.get("cause"))
    if fact["row"] != part.row:
        return False
    return part.target is None or _moves(part, fact)


def _moves(part: Transition, fact: dict[str, object]) -> bool:
    source, target = fact["source"], fact["target"]
    came = source is None or Status(str(source)) in part.sources
    return came and part.target is not None and target == part.target.value
