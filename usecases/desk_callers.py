"""Who is calling: the cases of a telephone number, and what the caller adds to one of them."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.account import Permission, Principal
from domain.case import ENDED, SETTLED, Status
from domain.messages_reporter import SaidKind
from domain.views import CaseView
from store.rows import StoredReport
from usecases.callers import DESK, caller_of
from usecases.city import City
from usecases.permits import permit, scope_of, sees
from usecases.problems import BadRequest, ProblemCode
from usecases.supplements import Said, Say, filed_report, say

MOST_OPEN = 8
MOST_RECENT = 5
MOST_WORDS = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerCase:
    """One case of a caller: by which report, what it said in a few words, and what may be added.

    ``takes_words``: a supplement; ``takes_urge``: an urge (催办), while somebody owes the next step.
    """

    view: CaseView
    report_no: str
    received_at: datetime
    words: str = field(repr=False)
    takes_words: bool
    takes_urge: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """A caller's open cases and, after them, the last ones that ended. ``known``: called before."""

    open: tuple[CallerCase, ...] = ()
    recent: tuple[CallerCase, ...] = ()

    @property
    def known(self) -> bool:
        """Tell whether this number called before."""
        return bool(self.open or self.recent)


NOBODY_KNOWN = Caller()


def cases_of(*, city: City, who: Principal, phone: str) -> Caller:
    """Return the open cases and the last five reports of a telephone number, newest first.

    Found by the number's keyed digest; nothing for a post that may not see reporters, for a
    text that is no number, and of cases outside one's scope.
    """
    permit(who, Permission.FILE)
    if not who.may(Permission.SEE_REPORTERS):
        return NOBODY_KNOWN
    caller = caller_of(city=city, phone=phone)
    if not caller:
        return NOBODY_KNOWN
    going = city.store.open_of_caller(caller=caller, limit=MOST_OPEN)
    last = city.store.latest_of_caller(caller=caller, limit=MOST_RECENT)
    shown = _once(city, who, (*going, *last))
    return Caller(
        open=tuple(one for one in shown if one.takes_urge)[:MOST_OPEN],
        recent=tuple(one for one in shown if not one.takes_urge)[:MOST_RECENT],
    )


def _once(city: City, who: Principal, reports: tuple[StoredReport, ...]) -> list[CallerCase]:
    """Return each case once, by its caller's latest report, as far as somebody may see it."""
    scope = scope_of(city=city, who=who, permission=Permission.SEE_REPORTERS)
    found: dict[str, CallerCase] = {}
    for report in reports:
        if report.belongs_to in found:
            continue
        view = city.store.case(case_no=report.belongs_to)
        if view is not None and sees(scope=scope, view=view):
            found[view.case_no] = _shown(report, view)
    return list(found.values())


def _shown(report: StoredReport, view: CaseView) -> CallerCase:
    status = Status(view.status)
    words = " ".join(report.description.split())
    return CallerCase(
        view=view,
        report_no=report.report_no,
        received_at=report.received_at,
        words=words[:MOST_WORDS] + ("…" if len(words) > MOST_WORDS else ""),
        takes_words=status not in ENDED,
        takes_urge=status not in SETTLED and status not in ENDED,
    )


async def add(*, city: City, who: Principal, report_no: str, kind: SaidKind, text: str, key: str) -> Said:
    """Add what a caller says to a report: a supplement (补充), or an urge (催办) with or without words.

    The same ``key`` of the same person again is the same. Raises BadRequest (not_permitted,
    report_not_found, outside_scope) and CommandRefused (nothing_to_urge, case_ended).
    """
    permit(who, Permission.FILE)
    report = filed_report(city=city, report_no=report_no, source=None)
    view = city.store.case(case_no=report.belongs_to)
    if view is None or not sees(scope=scope_of(city=city, who=who), view=view):
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=report_no)
    asked = Say(
        report_no=report_no,
        kind=kind,
        text=text.strip(),
        source=DESK,
        key=f"{DESK}:{who.account}:{key}",
    )
    return await say(city=city, ask=asked)
