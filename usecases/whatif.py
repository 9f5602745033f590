"""What a draft policy would have made of the cases of a period (``cityops whatif``).

Each recorded case is played twice with the engine's own ``decide``: under the pack in force
and under the draft, so that the comparison is like with like. How well the first replay
repeats what was recorded is measured and told: that is what the comparison is worth.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from domain.beginning import Begin
from domain.messages import Command, FileCase
from domain.messages_command import Regrade
from domain.whatif import Asked, Fidelity, Life, Sent, fidelity, replay, sent_of
from domain.whatif_figures import Compared, compare
from store.engine import Store
from store.replay_reads import RecordedCase
from usecases.city import Grounds
from usecases.command import UNIT_FIELDS
from usecases.duplicates import NONE_FOUND, Duplicates
from usecases.place_and_owner import (
    Answer,
    answer,
    by_hand,
    category_name,
    category_of,
    learn_point,
    site_check,
)
from usecases.regrounded import question_about
from usecases.start_case import begin_with, question_of

NAMED_UNITS = (*UNIT_FIELDS, "unit", "verifier")
"""Fields of commands that name a unit the draft may not have."""
MANUAL = "manual"
"""The rule of a reason that says a person named the owner."""
UNKNOWN_UNIT = "unknown_unit"
UNKNOWN_CATEGORY = "unknown_category"
log = structlog.get_logger()


class UnableToReplay(ValueError):
    """A case cannot even begin under some rules. ``code`` is stable, ``case_no`` the case."""

    def __init__(self, *, case_no: str, code: str, detail: str = "") -> None:
        """Keep what is wrong."""
        super().__init__(f"{case_no}: {code} {detail}".strip())
        self.case_no = case_no
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Cases received from ``since`` (included) to ``until`` (excluded) are played up to ``horizon``; UTC."""

    since: datetime
    until: datetime
    horizon: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One case of the period. ``fidelity`` is of its replay under the rules in force."""

    compared: Compared
    fidelity: Fidelity
    same_rules: bool


def look_back(
    *, store: Store, base: Grounds, draft: Grounds, period: Period
) -> Iterator[Look | UnableToReplay]:
    """Yield the cases of a period one by one, oldest first, in bounded memory."""
    for case in store.recorded_cases(since=period.since, until=period.until):
        try:
            yield look_at(case=case, base=base, draft=draft, horizon=period.horizon)
        except UnableToReplay as unable:
            yield unable
        except Exception as error:
            # One case we cannot play must not end the look at thousands; it is counted and named.
            log.exception("cannot replay", case_no=case.case_no)
            yield UnableToReplay(case_no=case.case_no, code="fault", detail=type(error).__name__)


def look_at(*, case: RecordedCase, base: Grounds, draft: Grounds, horizon: datetime) -> Look:
    """Play one recorded case under both rules. Raises UnableToReplay."""
    case = _last_life(case)
    asked = [
        Asked(command=one.command, received_at=one.received_at, refused=one.code is not None)
        for one in case.commands
    ]
    sent = sent_of(facts=case.facts, asked=asked)
    ours = _play(case, sent, grounds=base, defaults=base, horizon=horizon)
    theirs = _play(case, sent, grounds=draft, defaults=base, horizon=horizon)
    report = case.report
    return Look(
        compared=compare(case_no=case.case_no, category=report.category, base=ours, draft=theirs),
        fidelity=fidelity(recorded=case.facts, life=ours, until=horizon),
        same_rules=_begun_under(case) == base.pack.version,
    )


def _begun_under(case: RecordedCase) -> str:
    """Return the version a case began with, whatever was applied to it later."""
    applied = next((fact for fact in case.facts if fact.kind == "policy_applied"), None)
    return str(applied.data.get("former", "")) if applied is not None else case.rules_version


def _last_life(case: RecordedCase) -> RecordedCase:
    """Return the case from its last beginning on: one that was merged and split off again began twice.

    Raises UnableToReplay for a case of which nothing is recorded.
    """
    begins = [n for n, fact in enumerate(case.facts) if fact.row == 1]
    if not begins:
        raise UnableToReplay(case_no=case.case_no, code="no_facts")
    if begins[-1] == 0:
        return case
    facts = case.facts[begins[-1] :]
    commands = tuple(one for one in case.commands if one.received_at >= facts[0].at)
    return replace(case, facts=facts, commands=commands)


def _play(
    case: RecordedCase, sent: tuple[Sent, ...], *, grounds: Grounds, defaults: Grounds, horizon: datetime
) -> Life:
    start = beginning(case=case, grounds=grounds)
    rewriting = _Rewriting(case=case, start=start, grounds=grounds, defaults=defaults)
    return replay(start=start, sent=[rewriting.said(one) for one in sent], until=horizon)


def beginning(*, case: RecordedCase, grounds: Grounds) -> Begin:
    """Return what the case would have begun with under these rules, at its recorded moment. Raises UnableToReplay."""
    report = case.report
    if report.channel not in grounds.pack.channels:
        raise UnableToReplay(case_no=case.case_no, code="unknown_channel", detail=report.channel)
    learn_point(grounds=grounds, channel=report.channel, place=report.reported)
    found = answer(grounds=grounds, question=question_of(report))
    first = case.facts[0]
    start = begin_with(grounds=grounds, report=report, found=found, at=first.at, same=_same(case))
    return _as_recorded(start, case)


def _as_recorded(start: Begin, case: RecordedCase) -> Begin:
    """Take over what was known of other cases then: what it repeats, from which it was split off."""
    first = [fact for fact in case.facts if fact.at == start.at]
    repeated = next((fact for fact in first if fact.kind == "repeated"), None)
    if repeated is not None:
        before, times = str(repeated.data["repeat_of"]), int(str(repeated.data.get("repeats", 1)))
        start = replace(start, repeat_of=before, repeats=times)
    apart = next((fact.data["apart_from"] for fact in first if fact.data.get("apart_from")), None)
    if apart is not None:
        start = replace(start, apart_from=str(apart))
    return replace(start, seq=first[0].seq - 1)


def _same(case: RecordedCase) -> Duplicates:
    """Return what was known of duplicates when the case began: merges are taken as they were recorded."""
    begun = case.facts[0].at
    first = [fact for fact in case.facts if fact.at == begun]
    merged = next((fact for fact in first if fact.row == 7 and fact.data.get("master")), None)
    if merged is not None:
        repeated = str(merged.data.get("reason", "")) if merged.data.get("repeated") else ""
        return Duplicates(master=str(merged.data["master"]), repeated=repeated)
    waits = next((fact for fact in first if fact.kind == "triage_waits"), None)
    shown = waits.data.get("proposals") if waits is not None else list(case.proposals)
    return Duplicates(proposals=tuple(shown)) if isinstance(shown, list) and shown else NONE_FOUND


class _Rewriting:
    """Says the commands of one life as they would be said under other rules, in their order."""

    def __init__(self, *, case: RecordedCase, start: Begin, grounds: Grounds, defaults: Grounds) -> None:
        """Begin with the place and category of the report; ``defaults`` are the rules in force."""
        self._report = case.report
        self._grounds = grounds
        self._defaults = defaults
        self._place = start.place
        self._category = start.category
        self._condition: str | None = start.decision.condition

    def said(self, one: Sent) -> Sent:
        """Return the command as it would be said, or why it cannot be."""
        named: Command = one.command
        units = (getattr(named, name, None) for name in NAMED_UNITS)
        if any(unit is not None and self._grounds.pack.tree.find(unit) is None for unit in units):
            return replace(one, unable=UNKNOWN_UNIT)
        if isinstance(named, FileCase):
            return self._filed(one, named)
        if isinstance(named, Regrade) and named.rules is not None:
            rules = self._answer(severity=named.severity).rules
            return replace(one, command=replace(named, rules=rules))
        return one

    def _filed(self, one: Sent, named: FileCase) -> Sent:
        """Route and pin anew what an operator filed; what the operator named stays as named."""
        category = category_of(grounds=self._grounds, code=named.category)
        if category is None:
            return replace(one, unable=UNKNOWN_CATEGORY)
        self._place, self._category = named.place, named.category
        self._condition = named.decision.condition
        found = self._answer(severity=self._graded(named))
        decision, lead = found.decision, named.decision.lead
        if lead is not None and any(reason.rule == MANUAL for reason in named.decision.reasons):
            if self._grounds.pack.tree.find(lead) is None:
                return replace(one, unable=UNKNOWN_UNIT)
            decision = by_hand(grounds=self._grounds, decision=decision, lead=lead)
        command = replace(
            named,
            category_name=category_name(category),
            place=found.place,
            decision=decision,
            site_check=site_check(category),
            rules=found.rules,
        )
        return replace(one, command=command)

    def _answer(self, *, severity: int | None) -> Answer:
        """Ask location and routing about the case as it was filed last."""
        category = category_of(grounds=self._grounds, code=self._category)
        kept = category is not None and any(one.code == self._condition for one in category.conditions)
        question = question_about(
            report=self._report,
            place=self._place,
            category=self._category,
            condition=self._condition if kept else None,
            severity=severity,
        )
        return answer(grounds=self._grounds, question=question)

    def _graded(self, named: FileCase) -> int | None:
        """Return the severity a person gave; None where it was the catalogue's own, which a draft may change."""
        severity = named.decision.severity
        if self._report.severity == severity:
            return severity
        known = category_of(grounds=self._defaults, code=named.category)
        return None if known is not None and known.severity == severity else severity
