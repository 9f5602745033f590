"""Commands that name an owner: whether the unit may have the case at all, which only the city's tree knows.

A community is never made the main handler of what is not on its duty list (reference: domain.md
§3.2 art. 17), whoever names it: a dispatcher, a ruling, a level above. A platform outside gets a
case by transfer (row 5), never as an owner with our clocks.
"""

from domain.messages import Command, FileCase, GrantReturn, Reassign, Rule
from domain.messages_command import DecideReportUp
from domain.pack import PEER
from routing.resolve import may_have
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

NAMING = (GrantReturn, Rule, Reassign, DecideReportUp)
"""Commands whose ``lead`` a person names for the case as it is."""


def check_lead(*, city: City, case_no: str, command: Command) -> None:
    """Refuse an owner that may not have the case. Raises BadRequest; a request sent before is not judged again."""
    if isinstance(command, FileCase):
        lead, category = command.decision.lead, command.category
    elif isinstance(command, NAMING):
        lead, category = command.lead, case_view(city=city, case_no=case_no).category
    else:
        return
    unit = city.pack.tree.find(lead) if lead is not None else None
    if unit is None or (unit.kind != PEER and may_have(unit, category)):
        return
    if city.store.command(request_id=command.request_id) is not None:
        return
    if unit.kind == PEER:
        raise BadRequest(ProblemCode.NOT_A_DEPARTMENT, unit=unit.code)
    raise BadRequest(ProblemCode.NOT_ON_DUTY_LIST, unit=unit.code, category=category[:50])
