"""Who reported, for those who need to know: masked, called without seeing the number, revealed with a reason on record.

Personal data protection (PIPL arts. 6 and 51): the least that the work needs. A number is shown as
138****0000; the whole of it only after a reason, written down before it is shown. Who asked to
stay unnamed (confidential, anonymous) is known to the desk and the supervisors, never to the unit
that is complained about.
"""

from dataclasses import dataclass, field, replace

from domain.account import Permission, Principal
from domain.decide import UNIT_ROLES
from domain.identifiers import ALPHABET, is_number
from domain.report import Reporter
from domain.views import CaseView
from store.rows import StoredReport
from usecases.city import City
from usecases.deeds import note
from usecases.permits import permit, scope_of, sees
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

SHORTEST_REASON = 4
MASK = "****"
KIND = "reveal_reporter"
"""The kind of the deed that a reveal is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MaskedReporter:
    """One reporter of a case as staff see them. What is not known, or not for them, is empty.

    ``withheld``: asked to stay unnamed, so that nothing is shown to whoever asks. ``call`` is the
    address a telephone dials (``tel:…`` or ``https://…``) to reach them without showing the
    number; empty where the city has no such bridge or there is no number: then they are called
    through the hotline, by ``reference``.
    """

    report_no: str
    reference: str
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    anonymous: bool = False
    confidential: bool = False
    withheld: bool = False
    reachable: bool = False
    wants_visit: bool = True
    call: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RevealedReporter:
    """One reporter in full."""

    report_no: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    email: str = field(repr=False)


def contacts(*, city: City, who: Principal, view: CaseView) -> tuple[MaskedReporter, ...]:
    """Return who reported a case, oldest first, masked; nothing for whoever may not know."""
    if not _knows(city, who, view):
        return ()
    reports = city.store.reports_of(case_no=view.case_no)
    return tuple(_masked(city, who, view, report) for report in reports)


def reveal(*, city: City, who: Principal, report_no: str, reason: str) -> RevealedReporter:
    """Return a reporter in full; who looked and why is written down first.

    Raises BadRequest: not_permitted, outside_scope, report_not_found, reporter_withheld,
    reveal_reason (fewer than four characters).
    """
    permit(who, Permission.SEE_REPORTERS)
    report = city.store.report(report_no=report_no) if is_number(report_no) else None
    if report is None:
        raise BadRequest(ProblemCode.REPORT_NOT_FOUND, report_no=report_no[:40])
    view = case_view(city=city, case_no=report.belongs_to)
    if not _knows(city, who, view):
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=report_no)
    if _is_withheld(city, who, view, report.reporter):
        raise BadRequest(ProblemCode.REPORTER_WITHHELD)
    if len(reason.strip()) < SHORTEST_REASON:
        raise BadRequest(ProblemCode.REVEAL_REASON)
    note(city=city, who=who, kind=KIND, object=report_no, reason=reason, detail={"case": view.case_no})
    said = report.reporter
    return RevealedReporter(report_no=report_no, name=said.name, phone=said.phone, email=said.email)


def knows_all(*, city: City, who: Principal, view: CaseView) -> bool:
    """Tell whether somebody may know even who asked to stay unnamed: a post of the desk's side that reaches it."""
    desk = tuple(one for one in who.grants_for(Permission.SEE_REPORTERS) if one.facts.role not in UNIT_ROLES)
    return bool(desk) and _knows(city, replace(who, grants=desk), view)


def mask_phone(number: str) -> str:
    """Return a number with its middle hidden: 138****0000; a short one shows its last two digits."""
    digits = "".join(char for char in number if char.isdigit())
    if len(digits) < 7:
        return MASK + digits[-2:] if len(digits) > 3 else MASK if digits else ""
    return f"{digits[-11:][:3]}{MASK}{digits[-4:]}" if len(digits) > 8 else f"{digits[:2]}{MASK}{digits[-2:]}"


def mask_name(name: str) -> str:
    """Return a name's first character: 张**."""
    return f"{name.strip()[0]}**" if name.strip() else ""


def mask_email(address: str) -> str:
    """Return an address's first character and its domain."""
    local, at, domain = address.strip().partition("@")
    return f"{local[:1]}{MASK}@{domain}" if at and local else ""


def _masked(city: City, who: Principal, view: CaseView, report: StoredReport) -> MaskedReporter:
    said = report.reporter
    known = MaskedReporter(
        report_no=report.report_no,
        reference=report.report_no,
        anonymous=said.anonymous,
        confidential=said.confidential,
        reachable=bool(said.phone.strip()),
        wants_visit=said.wants_visit,
    )
    if _is_withheld(city, who, view, said):
        return replace(known, withheld=True, reachable=False)
    return replace(
        known,
        name=mask_name(said.name),
        phone=mask_phone(said.phone),
        email=mask_email(said.email),
        call=call_link(template=city.call_bridge, report_no=report.report_no) if known.reachable else "",
    )


def call_link(*, template: str, report_no: str) -> str:
    """Return what a telephone dials to be put through by the city's platform; empty without one.

    ``{ref}`` is the report's number; where digits are dialled (no web address) it is that number
    in digits: eight of the date and thirteen of what follows, read as base 32 (Crockford).
    """
    if "{ref}" not in template:
        return ""
    if template.startswith(("https://", "http://")):
        return template.replace("{ref}", report_no)
    return "tel:" + template.replace("{ref}", in_digits(report_no))


def in_digits(report_no: str) -> str:
    """Return a report's number in digits, as a keypad can send it."""
    day, _, rest = report_no.partition("-")
    value = 0
    for char in rest.replace("-", ""):
        value = value * len(ALPHABET) + ALPHABET.index(char)
    return f"{day}{value:013d}"


def _knows(city: City, who: Principal, view: CaseView) -> bool:
    if not who.may(Permission.SEE_REPORTERS):
        return False
    return sees(scope=scope_of(city=city, who=who, permission=Permission.SEE_REPORTERS), view=view)


def _is_withheld(city: City, who: Principal, view: CaseView, said: Reporter) -> bool:
    return (said.confidential or said.anonymous) and not knows_all(city=city, who=who, view=view)
