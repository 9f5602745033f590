"""One case as whoever works on it in the street needs it: what, where, until when, what to do next."""

import re
from dataclasses import dataclass
from datetime import datetime

from domain.account import Permission, Principal
from domain.views import CaseView
from store.rows import StoredReport
from usecases import reading
from usecases.city import City
from usecases.media import Shown
from usecases.problems import BadRequest
from usecases.reporters import mask_phone
from usecases.staff import allowed
from usecases.task_list import NextStep, TaskEntry, entries_of, units_of

IN_TURN = {
    NextStep.SIGN_IN.value: (NextStep.START.value, "log_contact", "request_extension", NextStep.SUBMIT.value),
    NextStep.START.value: (NextStep.SUBMIT.value,),
    NextStep.SIGN_IN_TASK.value: (NextStep.REPORT_TASK.value,),
}
"""What a case takes once a step is done: offered beforehand to a telephone without a line."""
_DIGITS = re.compile(r"(?<!\d)\+?\d(?:[ -]?\d){6,17}(?!\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class SaidReport:
    """What one report says, telephone numbers in it masked: pages of tasks are kept on telephones."""

    report_no: str
    text: str
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSheet:
    """A case, what this person has to do in it, which commands it takes from them now, and which after that."""

    view: CaseView
    entries: tuple[TaskEntry, ...]
    reports: tuple[SaidReport, ...]
    media: tuple[Shown, ...]
    takes: frozenset[str]
    then: frozenset[str]


def task_sheet(*, city: City, who: Principal, case_no: str) -> TaskSheet:
    """Return a case for whoever works on it. Raises BadRequest (not_permitted, outside_scope, case_not_found)."""
    view = reading.case(city=city, who=who, case_no=case_no)
    takes = frozenset(one.kind for one in allowed(city=city, who=who, view=view))
    try:
        entries = entries_of(city=city, units=units_of(city=city, who=who), view=view)
    except BadRequest:
        entries = ()
    later = (kind for first, kinds in IN_TURN.items() if first in takes for kind in kinds)
    return TaskSheet(
        view=view,
        entries=entries,
        reports=tuple(
            SaidReport(
                report_no=one.report_no, text=masked_text(one.description), received_at=one.received_at
            )
            for one in _reports(city, who, view)
        ),
        media=tuple(reading.attachments(city=city, who=who, case_no=case_no)),
        takes=takes,
        then=frozenset(later) - takes,
    )


def _reports(city: City, who: Principal, view: CaseView) -> list[StoredReport]:
    """Return whose words are shown: the unit needs them to work; of the unnamed only to who may know reporters."""
    found = city.store.reports_of(case_no=view.case_no)
    if who.may(Permission.SEE_REPORTERS) and reading.knows_reporters(city, who, view):
        return list(found)
    return [one for one in found if not (one.reporter.confidential or one.reporter.anonymous)]


def masked_text(text: str) -> str:
    """Return a text with everything that looks like a telephone or identity number masked."""
    return _DIGITS.sub(lambda found: mask_phone(found.group()), text)
