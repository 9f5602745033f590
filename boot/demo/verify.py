"""Did every case come to what it should have? Compared with what the API says at the end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boot.demo.play import Played

History = Mapping[str, Any]
ENDED = ("merged", "archived", "cancelled")


@dataclass(frozen=True, kw_only=True, slots=True)
class Miss:
    """A case that did not come to what it should have."""

    case_no: str
    life: str
    why: str


def misses(*, lives: Sequence[Played], histories: Mapping[str, History]) -> list[Miss]:
    """Return every case that is lost, stuck, ownerless or in another state than its script's."""
    found = [
        Miss(case_no=played.case_no or "–", life=played.item.life.value, why=why)
        for played in lives
        for why in _of(played, histories)
    ]
    known = {played.case_no for played in lives}
    found += [
        Miss(case_no=number, life="–", why="nobody reported this case")
        for number in histories
        if number not in known
    ]
    return found


def _of(played: Played, histories: Mapping[str, History]) -> Iterator[str]:
    if played.broke:
        yield played.broke
    history = histories.get(played.case_no)
    if not played.case_no:
        yield "its report was not accepted"
    elif history is None:
        yield "the case is lost: no list shows it"
    else:
        yield from _state(played, history["case"])
        yield from _joined(played, history["case"])
        yield from _past(played, history)


def _state(played: Played, case: Mapping[str, Any]) -> Iterator[str]:
    if case["status"] not in played.item.ends:
        yield f"is {case['status']}, should be {' or '.join(played.item.ends)}"
    if not case["owner"]:
        yield "nobody owns it"
    if case["status"] not in ENDED and case["next_due"] is None:
        yield "fell asleep: no deadline is armed"


def _past(played: Played, history: History) -> Iterator[str]:
    """What its life must have left behind; followers have no such script."""
    script = played.item.script
    if played.item.life is not script.life:
        return
    for wanted in script.facts:
        if not any(_is(fact, wanted) for fact in history["facts"]):
            yield f"its history lacks: {wanted}"
    on_time = history["case"]["on_time"]
    if script.on_time is not None and on_time is not script.on_time:
        yield f"on time is {on_time}, should be {script.on_time}"


def _joined(played: Played, case: Mapping[str, Any]) -> Iterator[str]:
    """Everything merged has to be in its master, so that its reporter gets an answer."""
    for companion in played.staff.companions:
        merged = companion.item.ends == ("merged",)
        if merged and companion.case_no and companion.case_no not in case["reports"]:
            yield f"lacks the merged report {companion.case_no}"


def _is(fact: Mapping[str, Any], wanted: str) -> bool:
    """Tell whether a fact is of the wanted kind (``*`` is any) and, if one is named, trigger."""
    kind, _, trigger = wanted.partition(" ")
    return kind in ("*", fact["kind"]) and (not trigger or fact["data"].get("trigger") == trigger)
