"""The variables a template may use, and how they are cut down before a template sees them.

No variable holds personal data: number, category, names of areas and units, times, level
and the rule that fired. A key that is not listed here never reaches a template or a
webhook, so that nobody can leak a field by adding it to a context. Whoever fills
``reason`` and ``outcome`` takes them from rules and code lists, not from what a person
typed: what a person typed is read behind ``link``, by those who may. Of an instruction,
``case_no`` is its number, ``category`` its official title, ``owner`` its issuer,
``severity`` its urgency, ``about`` what happened ("told", "half", "due", "complete", or the
state it ended in) and ``other_case_no`` the instruction it corrects or the case it is about.

========================  ========================================================
variable                  content
========================  ========================================================
case_no                   case number
category                  {"zh", "en"}
unit                      {"zh", "en"} of the addressee, or None for a reporter
owner                     {"zh", "en"} of the accountable unit, or None
areas                     names from the city down, [] while the place is unknown
severity                  1 (worst) … 4
level                     commanding level, 1 = city … 5 = grid
role                      why this unit is told: "owner", "co_handler" or "copy"
about                     which clock a reminder is about: "triage", "sign_in",
                          "handling" or "check"; in a joint case what happened,
                          as the filter joint_news puts into words; of reporters
                          "urge", "demand" (filed again) or "after_closing"; of an
                          alarm what became of it, which alarm_news puts into words
trigger                   escalation trigger "E1" … "E9", or None
at                        when it happened, ISO 8601 in city time
deadline                  ISO 8601 in city time, or None
limit                     a limit as the standards write it ("2UH"), or None
reason, outcome           {"zh", "en"} or None
other_case_no             the case it was merged into, or a joint case's child, or None
decision                  "granted", "refused" or None
words                     what the desk says to this reporter in its own words, or None:
                          an answer, a question, where to go. To reporters only
link                      address of the case's page, or None
exercise                  it is an exercise (演练) and must say so
reply                     an instruction asks for a reply, not only for a receipt
total, missing            receivers of an instruction, and those who still owe
                          something; of an urge, total is which time it is, of a
                          storm how many alarms; of an assessment, missing is how
                          often nobody answered
missing_units             their names, ten at most
========================  ========================================================
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard
from zoneinfo import ZoneInfo

from domain.place import Level
from notifications.delivery import Json

LANGUAGES = ("zh", "en")

VARIABLES = frozenset(
    {
        "about",
        "areas",
        "at",
        "case_no",
        "category",
        "deadline",
        "decision",
        "exercise",
        "level",
        "limit",
        "link",
        "missing",
        "missing_units",
        "other_case_no",
        "outcome",
        "owner",
        "reason",
        "reply",
        "role",
        "severity",
        "total",
        "trigger",
        "unit",
        "words",
    }
)

# Bounds of one value. They keep the built-in templates below the output limits, and an
# overriding template's nested loops short.
LONGEST_TEXT = 200
LONGEST_LIST = 10


class UnableToBuildContext(ValueError):
    """A time without a zone: nobody could say what it means in the city."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalText:
    """One text in both languages. An empty one is replaced by the other when rendered."""

    zh: str
    en: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeFacts:
    """The facts of a notice with their types; ``case_context`` turns them into a context.

    ``at`` and ``deadline`` are aware datetimes in any zone; ``timezone`` is the city's
    IANA name. The other fields are the variables of the module's table.
    """

    case_no: str
    category: LocalText
    unit: LocalText | None
    areas: Sequence[str]
    severity: int
    level: Level
    at: datetime
    timezone: str
    role: str = "owner"
    about: str = "handling"
    owner: LocalText | None = None
    trigger: str | None = None
    deadline: datetime | None = None
    limit: str | None = None
    reason: LocalText | None = None
    outcome: LocalText | None = None
    other_case_no: str | None = None
    decision: str | None = None
    words: str | None = None
    link: str | None = None
    exercise: bool = False
    reply: bool = False
    total: int | None = None
    missing: int | None = None
    missing_units: Sequence[str] = ()


def case_context(*, facts: NoticeFacts) -> dict[str, Json]:
    """Return the context of a notice: JSON-plain, every variable present, times in city time.

    Raises UnableToBuildContext for a time without a zone.
    """
    zone = ZoneInfo(facts.timezone)
    return {
        "case_no": facts.case_no,
        "category": _both(facts.category),
        "unit": _both(facts.unit),
        "owner": _both(facts.owner),
        "areas": list(facts.areas),
        "severity": facts.severity,
        "level": int(facts.level),
        "role": facts.role,
        "about": facts.about,
        "trigger": facts.trigger,
        "at": _city_time(facts.at, zone),
        "deadline": _city_time(facts.deadline, zone),
        "limit": facts.limit,
        "reason": _both(facts.reason),
        "outcome": _both(facts.outcome),
        "other_case_no": facts.other_case_no,
        "decision": facts.decision,
        "words": facts.words,
        "link": facts.link,
        "exercise": facts.exercise,
        "reply": facts.reply,
        "total": facts.total,
        "missing": facts.missing,
        "missing_units": list(facts.missing_units),
    }


def restrict(*, context: Mapping[str, Json]) -> dict[str, Json]:
    """Return the known variables only, texts on one line and cut, lists cut, the rest dropped."""
    return {name: _cut(value) for name, value in context.items() if name in VARIABLES}


def localise(*, context: Mapping[str, Json], language: str) -> dict[str, Json]:
    """Replace every {"zh", "en"} by its text in this language, or the other when it is empty."""
    return {name: _pick(value, language) for name, value in context.items()}


def one_line(*, text: str, longest: int) -> str:
    """Return the text without control characters or line breaks, at most ``longest`` characters.

    Unprintable characters include the bidirectional overrides, which could make an address
    or a number read differently from what it is.
    """
    plain = "".join(char if char.isprintable() else " " for char in text)
    joined = " ".join(plain.split())
    return joined if len(joined) <= longest else joined[: longest - 1] + "…"


def _both(text: LocalText | None) -> Json:
    return None if text is None else {"zh": text.zh, "en": text.en}


def _city_time(moment: datetime | None, zone: ZoneInfo) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise UnableToBuildContext(f"a time without a zone: {moment.isoformat()}")
    return moment.astimezone(zone).isoformat(timespec="seconds")


def _cut(value: Json) -> Json:
    if isinstance(value, str):
        return one_line(text=value, longest=LONGEST_TEXT)
    if _is_local(value):
        texts = {language: value.get(language) for language in LANGUAGES}
        return {language: _cut(text) if isinstance(text, str) else "" for language, text in texts.items()}
    if isinstance(value, Sequence):
        items = [item for item in value if isinstance(item, str)]
        return [one_line(text=item, longest=LONGEST_TEXT) for item in items[:LONGEST_LIST]]
    return value if isinstance(value, int | float) else None


def _pick(value: Json, language: str) -> Json:
    if not _is_local(value):
        return value
    others = (value.get(other) for other in LANGUAGES)
    return value.get(language) or next((text for text in others if text), "")


def _is_local(value: Json) -> TypeGuard[Mapping[str, Json]]:
    return isinstance(value, Mapping)
