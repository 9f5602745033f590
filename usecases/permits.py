"""What somebody may do and see: every use case for people asks here first.

A page that hides a button is a courtesy; this is the rule. Whoever acts on a case does so in
the role of the post that reaches it, so that the case's own table and guards decide the rest.
"""

from collections.abc import Mapping
from dataclasses import replace

from domain.account import Grant, Permission, Post, Principal, Reach
from domain.actor import Actor, Role
from domain.pack import COMMAND, COMMUNITY
from domain.place import Level
from domain.scope import EVERYTHING, CaseScope
from domain.span import governing
from domain.views import CaseView, parts_of
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode

_COLUMNS = {
    Level.DISTRICT: "districts",
    Level.STREET: "streets",
    Level.COMMUNITY: "communities",
    Level.GRID: "grids",
}
COMMANDING = frozenset({COMMAND, COMMUNITY})
"""Kinds of unit that answer for an area as a whole."""


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


def may_see(*, city: City, who: Principal, view: CaseView) -> None:
    """Let somebody read this case. Raises BadRequest (not_permitted, outside_scope)."""
    if not sees(scope=scope_of(city=city, who=who), view=view):
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=view.case_no)


def actors_for(*, city: City, who: Principal, view: CaseView) -> tuple[Actor, ...]:
    """Return as whom somebody may act on this case, those whose unit has a part in it first.

    Whoever leads a unit acts for one below it as that unit (a bureau's leader for its station),
    and whoever looks on site looks for a unit below theirs that was asked to (a street's checker
    for its grid), but never for one below a unit that handled the case.
    Raises BadRequest (not_permitted, outside_scope).
    """
    permit(who, Permission.ACT)
    found: list[tuple[bool, Actor]] = []
    for grant in who.grants_for(Permission.ACT):
        role = grant.facts.role
        if role is None or not _reaches(city, who, grant, view):
            continue
        parts = parts_of(view)
        units = _acting_units(city, grant, view)
        found += [(unit in parts, Actor(id=who.account, role=role, unit=unit)) for unit in units]
    if not found:
        raise BadRequest(ProblemCode.OUTSIDE_SCOPE, number=view.case_no)
    ordered = sorted(found, key=lambda one: not one[0])
    return tuple(dict.fromkeys(actor for _, actor in ordered))


def units_below(*, city: City, unit: str) -> tuple[str, ...]:
    """Return a unit and those under it that the pack names one by one.

    Units made from templates hang under command centres, whose people see by area, not by unit.
    """
    below = [one.code for one in city.pack.tree.explicit if _under(city, one.code, unit)]
    return (unit, *below)


def own_units(*, city: City, who: Principal) -> tuple[str, ...]:
    """Return the units somebody belongs to; of whoever leads one also those below it."""
    found: list[str] = []
    for grant in who.grants:
        if grant.facts.reach is not Reach.NONE:
            leads = grant.post is Post.LEADER
            found += units_below(city=city, unit=grant.unit) if leads else [grant.unit]
    return tuple(dict.fromkeys(found))


def handled(view: CaseView) -> frozenset[str]:
    """Return the units that work or worked on a case, as far as lists know: none of them checks it."""
    tasked = (one.unit for one in view.aspects.tasks if not one.waived or one.signed_in_at is not None)
    return frozenset({view.owner, *view.co_handlers, *tasked})


def ground_scope_of(*, city: City, who: Principal, permission: Permission) -> CaseScope:
    """Return which devices and alarms somebody may see: by units, districts and streets.

    A functional zone counts by its streets; what is finer than a street counts by its unit alone.
    Raises BadRequest (not_permitted).
    """
    scope = scope_of(city=city, who=who, permission=permission)
    if scope.everything or not scope.zones:
        return scope
    streets = (one.code for one in city.pack.areas.at(Level.STREET) if one.zone in scope.zones)
    return replace(scope, streets=tuple(dict.fromkeys((*scope.streets, *streets))))


def on_ground(*, scope: CaseScope, unit: str | None, chain: Mapping[str, str]) -> bool:
    """Tell whether a device or an alarm is in such a scope: what the store asks of a list, of one at hand."""
    if scope.everything or (unit and unit in scope.units):
        return True
    return chain.get("district") in scope.districts or chain.get("street") in scope.streets


def _under(city: City, code: str, unit: str) -> bool:
    return any(above.code == unit for above in city.pack.tree.parents(code))


def _reaches(city: City, who: Principal, grant: Grant, view: CaseView) -> bool:
    """Tell whether one post reaches a case to act on it.

    The district that a functional zone was taken from sees the zone's cases on its map, but does
    not command them (domain.reach) unless its unit has a part.
    """
    alone = replace(who, grants=(grant,))
    if not sees(scope=scope_of(city=city, who=alone, permission=Permission.ACT), view=view):
        return False
    own = city.pack.tree.find(grant.unit)
    if grant.facts.reach is not Reach.AREA or grant.areas or grant.unit in parts_of(view) or own is None:
        return True
    governed = governing(view.place)
    return own.level is not Level.DISTRICT or governed is None or governed in _own_areas(city, grant)


def _acting_units(city: City, grant: Grant, view: CaseView) -> tuple[str, ...]:
    """Return the units somebody may act for: their own, and those below it that have a part."""
    own = grant.unit
    unit = city.pack.tree.find(own)
    # Bureaus hang under command centres, which coordinate them and do not do their work.
    if grant.post is Post.LEADER and (unit is None or unit.kind != COMMAND):
        part: tuple[str | None, ...] = (view.owner, *view.task_units, *view.co_handlers)
    elif grant.facts.role is Role.CHECKER and own not in handled(view):
        asked = view.aspects.verification
        part = (view.checker, None if asked is None else asked.unit, *view.task_units)
    else:
        return (own,)
    below = (code for code in part if code and city.pack.tree.find(code) and _under(city, code, own))
    return tuple(dict.fromkeys((own, *below)))


def _of(city: City, grant: Grant) -> dict[str, tuple[str, ...]]:
    """Return the conditions one post adds to a scope."""
    reach = grant.facts.reach
    if reach is Reach.NONE:
        return {}
    by_area = reach is not Reach.UNIT or _leads_an_area(city, grant)
    found: dict[str, tuple[str, ...]] = {}
    if reach is not Reach.CITY:
        leads = grant.post is Post.LEADER and not by_area
        found["units"] = units_below(city=city, unit=grant.unit) if leads else (grant.unit,)
    for code in (grant.areas or _own_areas(city, grant)) if by_area else ():
        column = _column(city, code)
        found[column] = (*found.get(column, ()), code)
    return found


def _leads_an_area(city: City, grant: Grant) -> bool:
    """Tell whether somebody leads a whole area, whose parts have units made from templates."""
    unit = city.pack.tree.find(grant.unit)
    return grant.post is Post.LEADER and unit is not None and unit.kind in COMMANDING


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
