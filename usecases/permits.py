"""What somebody may do and see: every use case for people asks here first.

A page that hides a button is a courtesy; this is the rule. Whoever acts on a case does so in
the role of the post that reaches it, so that the case's own table and guards decide the rest.
"""

from domain.account import Grant, Permission, Post, Principal, Reach
from domain.actor import Actor
from domain.place import Level
from domain.scope import EVERYTHING, CaseScope
from domain.views import CaseView
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode

_COLUMNS = {
    Level.DISTRICT: "districts",
    Level.STREET: "streets",
    Level.COMMUNITY: "communities",
    Level.GRID: "grids",
}


def permit(who: Principal, permission: Permission) -> None:
    """Let somebody on. Raises BadRequest (not_permitted)."""
    if not who.may(permission):
        raise BadRequest(ProblemCode.NOT_PERMITTED, permission=permission.value)


def scope_of(*, city: City, who: Principal, permission: Permission = Permission.SEE_CASES) -> CaseScope:
    """Return which cases somebody may see by the posts that allow this. Raises BadRequest (not_permitted)."""
    permit(who, permission)
    found: dict[str, list[str]] = {}
    for grant in who.grants_for(permission):
        if grant.facts.reach is Reach.CITY and not grant.areas:
            return EVERYTHING
        for column, codes in _of(city, grant).items():
            found.setdefault(column, []).extend(codes)
    if "everything" in found:
        return EVERYTHING
    return CaseScope(
        units=_once(found, "units"),
        districts=_once(found, "districts"),
        streets=_once(found, "streets"),
        communities=_once(found, "communities"),
        grids=_once(found, "grids"),
        zones=_once(found, "zones"),
    )


def _once(found: dict[str, list[str]], column: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.get(column, ())))


def sees(*, scope: CaseScope, view: CaseView) -> bool:
    """Tell whether a case is in scope: what the store asks of a list, of one case at hand."""
    if scope.everything:
        return True
    places = (
        (scope.districts, view.district),
        (scope.streets, view.street),
        (scope.communities, view.community),
        (scope.grids, view.grid),
    )
    by_area = any(code is not None and code in codes for codes, code in places)
    by_zone = not set(scope.zones).isdisjoint(view.zones)
    return by_area or by_zone or not set(scope.units).isdisjoint(parts_of(view))


def parts_of(view: CaseView) -> frozenset[str]:
    """Return the units that have a part in a case."""
    single = (unit for unit in (view.owner, view.checker, view.arbiter) if unit)
    return frozenset({*single, *view.co_handlers, *view.supervisors, *view.task_units})


def may_see(*, city: City, who: Principal, view: CaseView) -> None:
    """Let somebody read this case. Raises BadRequest (not_permitted, outside_scope)."""
    if not sees(scope=scope_of(city=city, who=who), view=view):
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=view.case_no)


def actors_for(*, city: City, who: Principal, view: CaseView) -> tuple[Actor, ...]:
    """Return as whom somebody may act on this case, those whose unit has a part in it first.

    A member of staff acts for a unit below their post's as that unit: the leader of a bureau for
    its station. Raises BadRequest (not_permitted, outside_scope).
    """
    permit(who, Permission.ACT)
    found: list[tuple[bool, Actor]] = []
    for grant in who.grants_for(Permission.ACT):
        role = grant.facts.role
        alone = Principal(account=who.account, name=who.name, grants=(grant,))
        if role is None or not sees(scope=scope_of(city=city, who=alone), view=view):
            continue
        unit = _acting_unit(city, grant, view)
        found.append((unit in parts_of(view), Actor(id=who.account, role=role, unit=unit)))
    if not found:
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=view.case_no)
    return tuple(actor for _, actor in sorted(found, key=lambda one: not one[0]))


def units_below(*, city: City, unit: str) -> tuple[str, ...]:
    """Return a unit and those under it that the pack names one by one.

    Units made from templates hang under command centres, whose people see by area, not by unit.
    """
    below = [one.code for one in city.pack.tree.explicit if _under(city, one.code, unit)]
    return (unit, *below)


def _under(city: City, code: str, unit: str) -> bool:
    return any(above.code == unit for above in city.pack.tree.parents(code))


def _acting_unit(city: City, grant: Grant, view: CaseView) -> str:
    """Return the unit somebody acts for: their own, or the one below it that the case lies with."""
    own = grant.unit
    parts = parts_of(view)
    if own in parts or grant.facts.reach is not Reach.UNIT:
        return own
    below = set(units_below(city=city, unit=own))
    first = (view.owner, *view.task_units, *view.co_handlers)
    return next((code for code in first if code in below), own)


def _of(city: City, grant: Grant) -> dict[str, tuple[str, ...]]:
    """Return the conditions one post adds to a scope."""
    reach = grant.facts.reach
    if reach is Reach.NONE:
        return {}
    units = units_below(city=city, unit=grant.unit)
    if reach is Reach.UNIT:
        return {"units": units if grant.post is Post.LEADER else (grant.unit,)}
    found: dict[str, tuple[str, ...]] = {"units": (grant.unit,)} if reach is Reach.AREA else {}
    for code in grant.areas or _own_areas(city, grant):
        column = _column(city, code)
        found[column] = (*found.get(column, ()), code)
    return found


def _own_areas(city: City, grant: Grant) -> tuple[str, ...]:
    unit = city.pack.tree.find(grant.unit)
    if unit is None:
        return ()
    run = tuple(area for area, runner in city.pack.tree.run_by.items() if runner == unit.area_code)
    return (unit.area_code, *run)


def _column(city: City, code: str) -> str:
    """Return the field of a scope that an area belongs to; the whole city is everything."""
    area = city.pack.areas.get(code)
    if area is None:
        return "zones"
    return _COLUMNS.get(area.level, "everything")
