"""The list of cases in its three shapes, one case's page, and the parts that pages fetch again."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import ValidationError

from domain.account import Permission, Principal
from domain.case import SETTLED, Status
from domain.case_tabs import COLUMNS, Tab
from domain.place import Level
from domain.views import CaseView
from usecases.case_lists import (
    MOST_COUNTED,
    columns_of,
    counts_of,
    forget_view,
    page_of,
    save_view,
    views_of,
)
from usecases.case_pages import CasePage, chain_of, seen, whole
from usecases.map_data import case_points
from usecases.problems import BadRequest, ProblemCode
from usecases.staff import allowed
from web.acting.facts import told
from web.acting.words import act_name
from web.cases.query import ListQuery, removable, sorts
from web.cases.words import DUES, HOW, TABS
from web.guard import needs
from web.render import is_fragment, page
from web.shown import Shown
from web.state import service
from web.words import language_of

router = APIRouter()
Reader = Annotated[Principal, Depends(needs(Permission.SEE_CASES))]
ROWS = 50
CARDS = 15
PAGE = "cases"
MOST_MATCHED = 200
GEOJSON = "application/geo+json"


@dataclass(frozen=True, kw_only=True, slots=True)
class TabShown:
    """One tab: its name, how many it has as words, and its address."""

    tab: Tab
    label: str
    count: str
    query: str
    current: bool


def shown_to(request: Request, who: Principal) -> Shown:
    """Return how things are said to whoever asks."""
    return Shown(city=service(request).city, language=language_of(request, preferred=who.language))


def asked(request: Request) -> ListQuery:
    """Read the filters of the address. Raises BadRequest (invalid_parameter)."""
    try:
        return ListQuery.read(request.query_params)
    except ValidationError:
        raise BadRequest(ProblemCode.INVALID_PARAMETER) from None


def due_of(view: CaseView) -> datetime | None:
    """Return the deadline that counts now: the unit's while it works, the whole case's after it submitted."""
    if Status(view.status) in SETTLED:
        return None
    return view.handling_due if view.submitted_at is None else view.total_due


def began_of(view: CaseView) -> datetime:
    """Return where the clock of the deadline that counts began."""
    return view.dispatched_at if view.dispatched_at and view.submitted_at is None else view.received_at


@router.get("/cases")
def cases(request: Request, who: Reader) -> Response:
    """Show the list, the map or the board of the cases in somebody's scope."""
    query = asked(request)
    if query.cursor is not None and is_fragment(request):
        return _more(request, who, query)
    city, shown = service(request).city, shown_to(request, who)
    where = query.where(city=city)
    counts = counts_of(city=city, who=who, where=where)
    context: dict[str, Any] = {
        "query": query,
        "tabs": _tabs(query, counts, shown),
        "removable": removable(query, shown=shown),
        "sorts": sorts(shown),
        "dues": [(key, shown.text(word)) for key, word in DUES.items()],
        "districts": [(area.code, shown.area(area.code)) for area in city.pack.areas.at(Level.DISTRICT)],
        "channels": [(name, shown.channel(name)) for name in sorted(city.pack.channels)],
        "may_act": who.may(Permission.ACT),
        "may_export": who.may(Permission.EXPORT),
        "due_of": due_of,
        "began_of": began_of,
        "counted": counts[query.tab.value],
    }
    if query.view == "board":
        columns = columns_of(city=city, who=who, where=where, each=CARDS)
        named = [(tab, shown.text(TABS[tab]), *columns[tab]) for tab in COLUMNS]
        return page(request, "cases/board.html", columns=named, **context)
    if query.view == "map":
        return page(request, "cases/map.html", **context)
    found = page_of(city=city, who=who, where=where, limit=ROWS, cursor=query.cursor)
    return page(request, "cases/list.html", page=found, **context)


@router.get("/cases/views")
def views(request: Request, who: Reader) -> Response:
    """Show somebody's own kept views."""
    kept = views_of(city=service(request).city, who=who, page=PAGE)
    return page(request, "cases/views.html", views=kept)


@router.post("/cases/views")
def keep_view(
    request: Request,
    who: Reader,
    name: Annotated[str, Form(max_length=200)] = "",
    query: Annotated[str, Form(max_length=4_000)] = "",
) -> Response:
    """Keep the list as it is under a name."""
    save_view(city=service(request).city, who=who, page=PAGE, name=name, query=query)
    return (
        views(request, who) if is_fragment(request) else RedirectResponse(f"/cases?{query}", status_code=303)
    )


@router.post("/cases/views/{view}/forget")
def drop_view(request: Request, who: Reader, view: int) -> Response:
    """Take a kept view off."""
    forget_view(city=service(request).city, who=who, view=view)
    return views(request, who) if is_fragment(request) else RedirectResponse("/cases", status_code=303)


@router.get("/cases/match")
def match(request: Request, who: Reader, numbers: Annotated[str, Query(max_length=4_000)] = "") -> Response:
    """Say which of these cases (numbers with commas) the list's filter holds now."""
    city = service(request).city
    some = tuple(one for one in numbers.split(",") if one)[:MOST_MATCHED]
    if not some:
        return JSONResponse([])
    where = replace(asked(request).where(city=city), numbers=some)
    found = page_of(city=city, who=who, where=where, limit=MOST_MATCHED)
    return JSONResponse([view.case_no for view in found.cases])


@router.get("/cases/points.geojson")
def points(request: Request, who: Reader) -> Response:
    """Draw the cases of the list's filter."""
    city = service(request).city
    found = case_points(city=city, who=who, where=asked(request).where(city=city))
    features: list[dict[str, Any]] = [
        _feature(
            one.lon, one.lat, no=one.case_no, severity=one.severity, status=one.status, late=one.late, count=1
        )
        for one in found.points
    ]
    features += [_feature(one.lon, one.lat, severity=one.severity, count=one.count) for one in found.clusters]
    return JSONResponse({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)


@router.get("/cases/{case_no}")
def case(request: Request, who: Reader, case_no: str) -> Response:
    """Show one case: everything of it that its reader may know."""
    found = whole(city=service(request).city, who=who, case_no=case_no)
    return page(request, "cases/case.html", **_case(request, who, found))


@router.get("/cases/{case_no}/body")
def case_body(request: Request, who: Reader, case_no: str) -> Response:
    """Return the page's own part, for a page that is open to stay as the case is."""
    found = whole(city=service(request).city, who=who, case_no=case_no)
    return page(request, "cases/case_body.html", **_case(request, who, found))


@router.get("/cases/{case_no}/row")
def row(request: Request, who: Reader, case_no: str) -> Response:
    """Return one row of the list, as the case is now."""
    view = seen(city=service(request).city, who=who, case_no=case_no)
    return page(request, "cases/row.html", case=view, due_of=due_of, began_of=began_of)


@router.get("/cases/{case_no}/card")
def card(request: Request, who: Reader, case_no: str) -> Response:
    """Return one card of the board, as the case is now."""
    view = seen(city=service(request).city, who=who, case_no=case_no)
    return page(
        request,
        "cases/card.html",
        case=view,
        due_of=due_of,
        began_of=began_of,
        may_act=who.may(Permission.ACT),
    )


@router.get("/cases/{case_no}/acts")
def acts(
    request: Request, who: Annotated[Principal, Depends(needs(Permission.ACT))], case_no: str
) -> Response:
    """Return what somebody may do with a case now, to choose from."""
    city, shown = service(request).city, shown_to(request, who)
    view = seen(city=city, who=who, case_no=case_no)
    kinds = [one.kind for one in allowed(city=city, who=who, view=view)]
    template = "acting/acts.html" if is_fragment(request) else "acting/acts_page.html"
    return page(request, template, case=view, kinds=kinds, names=_names(shown))


def _more(request: Request, who: Principal, query: ListQuery) -> Response:
    city = service(request).city
    found = page_of(city=city, who=who, where=query.where(city=city), limit=ROWS, cursor=query.cursor)
    return page(request, "cases/rows.html", page=found, query=query, due_of=due_of, began_of=began_of)


def _case(request: Request, who: Principal, found: CasePage) -> dict[str, Any]:
    city, shown = service(request).city, shown_to(request, who)
    actions = allowed(city=city, who=who, view=found.view)
    return {
        "case": found.view,
        "found": found,
        "acts": [one.kind for one in actions],
        "ladder": chain_of(city=city, view=found.view),
        "names": _names(shown),
        "told": partial(told, shown=shown),
        "how": {key: shown.text(word) for key, word in HOW.items()},
        "due_of": due_of,
        "began_of": began_of,
        "may_reveal": who.may(Permission.SEE_REPORTERS),
    }


class _Names(dict[str, str]):
    """Names of acts, found when asked for."""

    def __init__(self, *, chinese: bool) -> None:
        super().__init__()
        self.chinese = chinese

    def __missing__(self, kind: str) -> str:
        return act_name(kind, chinese=self.chinese)


def _names(shown: Shown) -> _Names:
    return _Names(chinese=shown.chinese)


def _tabs(query: ListQuery, counts: dict[str, int], shown: Shown) -> list[TabShown]:
    capped = counts[Tab.ENDED.value] >= MOST_COUNTED
    return [
        TabShown(
            tab=tab,
            label=shown.text(label),
            count=_count(counts[tab.value], more=capped and tab in (Tab.ENDED, Tab.ALL)),
            query=query.query(tab=tab, status=()),
            current=tab is query.tab and not query.status,
        )
        for tab, label in TABS.items()
    ]


def _count(count: int, *, more: bool) -> str:
    """Say how many; what was not counted to its end has a plus."""
    return f"{count - 1}+" if more else str(count)


def _feature(lon: float, lat: float, **properties: object) -> dict[str, Any]:
    at = [round(lon, 6), round(lat, 6)]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": at}}
