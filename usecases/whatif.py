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
from domain.whatif import Asked, Fidelity, Life, Sent, fidelity, replay, sent_of
from domain.whatif_figures import Compared, compare
from store.engine import Store
from store.replay_reads import RecordedCase
from usecases.city import Grounds
from usecases.command import UNIT_FIELDS
from usecases.duplicates import NONE_FOUND, Duplicates
from usecases.place_and_owner import answer, by_hand, category_name, category_of, site_check
from usecases.regrounded import question_about
from usecases.start_case import begin_with, question_of

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
        same_rules=case.rules_version == base.pack.version,
    )


def _play(
    case: RecordedCase, sent: tuple[Sent, ...], *, grounds: Grounds, defaults: Grounds, horizon: datetime
) -> Life:
    start = beginning(case=case, grounds=grounds)
    said = [_said(one, case, grounds=grounds, defaults=defaults) for one in sent]
    return replay(start=start, sent=said, until=horizon)


def beginning(*, case: RecordedCase, grounds: Grounds) -> Begin:
    """Return what the case would have begun with under these rules, at its recorded moment. Raises UnableToReplay."""
    report = case.report
    if not case.facts:
        raise UnableToReplay(case_no=case.case_no, code="no_facts")
    if report.channel not in grounds.pack.channels:
        raise UnableToReplay(case_no=case.case_no, code="unknown_channel", detail=report.channel)
    point = report.reported
    if point.lon is not None and point.lat is not None:
        grounds.placeholders.observe(channel=report.channel, lon=point.lon, lat=point.lat)
    found = answer(grounds=grounds, question=question_of(report))
    begun = case.facts[0].at
    return begin_with(grounds=grounds, report=report, found=found, at=begun, same=_same(case))


def _same(case: RecordedCase) -> Duplicates:
    """Return what was known of duplicates when the case began: merges are taken as they were recorded."""
    begun = case.facts[0].at
    first = [fact for fact in case.facts if fact.at == begun]
    merged = next((fact for fact in first if fact.row == 7 and fact.data.get("master")), None)
    if merged is not None:
        return Duplicates(master=str(merged.data["master"]))
    waits = next((fact for fact in first if fact.kind == "triage_waits"), None)
    shown = waits.data.get("proposals") if waits is not None else list(case.proposals)
    return Duplicates(proposals=tuple(shown)) if isinstance(shown, list) and shown else NONE_FOUND


def _said(one: Sent, case: RecordedCase, *, grounds: Grounds, defaults: Grounds) -> Sent:
    """Return the command as it would be said under these rules, or why it cannot be."""
    named: Command = one.command
    units = (getattr(named, name, None) for name in UNIT_FIELDS)
    if any(unit is not None and grounds.pack.tree.find(unit) is None for unit in units):
        return replace(one, unable=UNKNOWN_UNIT)
    if not isinstance(named, FileCase):
        return one
    category = category_of(grounds=grounds, code=named.category)
    if category is None:
        return replace(one, unable=UNKNOWN_CATEGORY)
    return _filed(one, named, case, grounds=grounds, defaults=defaults)


def _filed(one: Sent, named: FileCase, case: RecordedCase, *, grounds: Grounds, defaults: Grounds) -> Sent:
    """Route and pin anew what an operator filed; what the operator named stays as named."""
    category = grounds.pack.catalogue[named.category]
    kept = any(found.code == named.decision.condition for found in category.conditions)
    question = question_about(
        report=case.report,
        place=named.place,
        category=named.category,
        condition=named.decision.condition if kept else None,
        severity=_graded(named, case, defaults),
    )
    found = answer(grounds=grounds, question=question)
    decision = found.decision
    lead = named.decision.lead
    if lead is not None and any(reason.rule == MANUAL for reason in named.decision.reasons):
        if grounds.pack.tree.find(lead) is None:
            return replace(one, unable=UNKNOWN_UNIT)
        decision = by_hand(grounds=grounds, decision=decision, lead=lead)
    command = replace(
        named,
        category_name=category_name(category),
        place=found.place,
        decision=decision,
        site_check=site_check(category),
        rules=found.rules,
    )
    return replace(one, command=command)


def _graded(named: FileCase, case: RecordedCase, defaults: Grounds) -> int | None:
    """Return the severity a person gave; None where it was the catalogue's own, which a draft may change."""
    severity = named.decision.severity
    if case.report.severity == severity:
        return severity
    known = category_of(grounds=defaults, code=named.category)
    return None if known is not None and known.severity == severity else severity
