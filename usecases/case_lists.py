"""Lists of cases as somebody may see them: a page, how many each state tab has, views kept by name."""

from collections.abc import Sequence
from dataclasses import replace

from domain.account import Permission, Principal
from domain.case_tabs import COLUMNS, Tab, by_tab, states_of
from domain.views import CaseFilter, CasePage, CaseView
from store.saved_views import SavedView
from usecases.city import City
from usecases.permits import permit, scope_of, sees
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import list_cases
from usecases.texts import check_values

__all__ = [
    "MOST_COUNTED",
    "SavedView",
    "columns_of",
    "counts_of",
    "counts_of_states",
    "forget_view",
    "named",
    "page_of",
    "save_view",
    "views_of",
]

MOST_COUNTED = 1_000
"""Ended cases are counted up to here: what a page says beyond is "more than"."""
MOST_VIEWS = 40
LONGEST_NAME = 40
LONGEST_QUERY = 2_000
LONGEST_TEXT = 100


def page_of(
    *, city: City, who: Principal, where: CaseFilter, limit: int, cursor: str | None = None
) -> CasePage:
    """Return a page of the cases in somebody's scope, in the filter's order; one statement.

    What a reporter was asked and answered is left out: it may be personal, read the case itself.
    Raises BadRequest (not_permitted, bad_cursor, too_long).
    """
    page = list_cases(city=city, where=_scoped(city, who, where), limit=limit, cursor=cursor)
    return replace(page, cases=tuple(_impersonal(view) for view in page.cases))


def named(*, city: City, who: Principal, numbers: Sequence[str]) -> list[CaseView]:
    """Return the cases of these numbers that are in somebody's scope, in this order. Raises BadRequest (not_permitted)."""
    scope = scope_of(city=city, who=who)
    known = city.store.cases_of(case_numbers=numbers)
    views = (known[number] for number in dict.fromkeys(numbers) if number in known)
    return [_impersonal(view) for view in views if sees(scope=scope, view=view)]


def columns_of(
    *, city: City, who: Principal, where: CaseFilter, each: int
) -> dict[Tab, tuple[tuple[CaseView, ...], bool]]:
    """Return the first cases of each column of the board and whether there are more; one statement.

    The filter's own states do not count here. Raises BadRequest (not_permitted).
    """
    scoped = _scoped(city, who, where)
    found = city.store.case_columns(where=scoped, columns=[states_of(tab) for tab in COLUMNS], each=each)
    return {
        tab: (tuple(_impersonal(view) for view in views[:each]), len(views) > each)
        for tab, views in zip(COLUMNS, found, strict=True)
    }


def counts_of(*, city: City, who: Principal, where: CaseFilter) -> dict[str, int]:
    """Return how many cases of the filter each tab (``domain.case_tabs.Tab``) has; one statement.

    The filter's own states do not count here. Ended cases are counted up to ``MOST_COUNTED``,
    so that number means "as many or more". Raises BadRequest (not_permitted).
    """
    return by_tab(counts_of_states(city=city, who=who, where=where))


def counts_of_states(*, city: City, who: Principal, where: CaseFilter) -> dict[str, int]:
    """Return how many open cases of the filter each state has, ended ones together under ""; one statement.

    The filter's own states do not count here. Raises BadRequest (not_permitted).
    """
    return city.store.case_counts(where=_scoped(city, who, where), most=MOST_COUNTED)


def views_of(*, city: City, who: Principal, page: str) -> list[SavedView]:
    """Return somebody's own kept views of a list. Raises BadRequest (not_permitted)."""
    permit(who, Permission.SEE_CASES)
    return city.store.saved_views(account=who.account, page=page)


def save_view(*, city: City, who: Principal, page: str, name: str, query: str, pinned: bool = True) -> None:
    """Keep a view under a name, over one's own of the same name.

    Raises BadRequest (not_permitted, too_long, view_name, too_many_views).
    """
    permit(who, Permission.SEE_CASES)
    name = " ".join(name.split())
    check_values(values={"name": name, "query": query}, most={"name": LONGEST_NAME}, otherwise=LONGEST_QUERY)
    if not name:
        raise BadRequest(ProblemCode.VIEW_NAME)
    kept = city.store.save_view(
        account=who.account, page=page, name=name, query=query, pinned=pinned, at=city.now(), most=MOST_VIEWS
    )
    if not kept:
        raise BadRequest(ProblemCode.TOO_MANY_VIEWS, most=str(MOST_VIEWS))


def forget_view(*, city: City, who: Principal, view: int) -> None:
    """Take one of somebody's own views out. Raises BadRequest (not_permitted, view_not_found)."""
    permit(who, Permission.SEE_CASES)
    if not city.store.forget_view(account=who.account, view=view):
        raise BadRequest(ProblemCode.VIEW_NOT_FOUND)


def _scoped(city: City, who: Principal, where: CaseFilter) -> CaseFilter:
    check_values(values={"text": where.text or ""}, most={}, otherwise=LONGEST_TEXT)
    return replace(where, scope=scope_of(city=city, who=who))


def _impersonal(view: CaseView) -> CaseView:
    info = view.aspects.info
    if info is None:
        return view
    return replace(view, aspects=replace(view.aspects, info=replace(info, question="", answers=())))
