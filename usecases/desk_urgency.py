"""How urgent is it? Questions of a category and what their answers set; words that mean danger to life."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from domain.desk import EmergencyRule, UrgencyQuestion
from domain.pack import CityPack

NEGATIONS = ("没有", "没", "无", "未", "不是", "并非")
"""Before a word of danger they take it away: 没有人被困 has somebody trapped nowhere."""
_REACH = 4
"""How many characters a negation may stand before the word."""
_BREAKS = "，。,.;；!！?？、\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Urgency:
    """What the answers set: the worst severity, the last named condition, all tags; None where none did."""

    severity: int | None = None
    condition: str | None = None
    tags: tuple[str, ...] = ()


def questions_for(*, pack: CityPack, category: str) -> tuple[UrgencyQuestion, ...]:
    """Return what is asked about a category, in the pack's order."""
    return tuple(one for one in pack.desk.questions if one.asks(category))


def urgency_of(*, pack: CityPack, category: str, answers: Mapping[str, str]) -> Urgency:
    """Return what the answers (question code → option code) set for a category; others are not looked at.

    A condition the category does not have is left out: a question may serve several categories.
    """
    known = pack.catalogue.get(category)
    conditions = {one.code for one in known.conditions} if known is not None else set()
    severity: int | None = None
    condition: str | None = None
    tags: list[str] = []
    for question in questions_for(pack=pack, category=category):
        option = question.option(answers.get(question.code, ""))
        if option is None:
            continue
        if option.severity is not None:
            severity = option.severity if severity is None else min(severity, option.severity)
        condition = option.condition if option.condition in conditions else condition
        tags += option.tags
    return Urgency(severity=severity, condition=condition, tags=tuple(dict.fromkeys(tags)))


def dangers_in(*, pack: CityPack, text: str) -> tuple[EmergencyRule, ...]:
    """Return the rules whose words are in a text, in the pack's order.

    A word with a negation shortly before it in the same clause does not count.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    if not plain.strip():
        return ()
    return tuple(rule for rule in pack.desk.emergencies if _speaks(rule, plain))


def _speaks(rule: EmergencyRule, plain: str) -> bool:
    if any(word.casefold() in plain for word in rule.unless):
        return False
    return all(any(_said(word.casefold(), plain) for word in group) for group in rule.words)


def _said(word: str, plain: str) -> bool:
    start = plain.find(word)
    while start >= 0:
        if not _denied(plain, start):
            return True
        start = plain.find(word, start + 1)
    return False


def _denied(plain: str, start: int) -> bool:
    before = plain[max(0, start - _REACH) : start]
    clause = max(before.rfind(mark) for mark in _BREAKS) + 1
    return any(negation in before[clause:] for negation in NEGATIONS)
