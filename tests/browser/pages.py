"""Every page there is, taken from the routes themselves, so that a new page cannot escape being looked at."""

from collections.abc import Mapping

from fastapi.routing import APIRoute

from domain.account import POSTS, Permission, Post
from web.app import routes

WIDTHS = (1280, 390)
LANGUAGES = ("zh", "en")
SCHEMES = ("light", "dark")
NOT_PAGES = frozenset({
    "/",
    "/language/{language}",
    "/theme/{theme}",
    "/sign-in/step",
    "/sign-in/provider",
    "/sign-in/provider/back",
    "/admin/audit/log.csv",
    "/live",
    "/maps/places",
    "/maps/at",
    "/maps/areas/{level}.geojson",
    "/maps/areas/{level}.svg",
    "/maps/cases.geojson",
    "/maps/roads.geojson",
    "/acting/units",
    "/acting/services",
    "/acting/categories",
    "/cases/{case_no}/act/{kind}",
    "/cases/{case_no}/body",
    "/cases/{case_no}/card",
    "/cases/{case_no}/row",
    "/cases/bulk",
    "/cases/export.{form}",
    "/cases/match",
    "/cases/points.geojson",
    "/cases/views",
    "/board/live",
    "/board/cases/{case_no}/{kind}",
    "/desk/categories",
    "/instructions/reach",
    "/wall/live",
    "/wall/stream",
    "/wall/join/{token}",
    "/tasks/sw.js",
    "/tasks/app.webmanifest",
    "/tasks/icon-{size}.png",
    "/tasks/session",
})  # fmt: skip
"""Addresses that answer a part of a page, data, or another address."""
VIEWS: Mapping[str, tuple[str, ...]] = {"/cases": ("view=map", "view=board")}
"""What a page is also looked at as."""
LOOKERS: Mapping[Post, str] = {
    Post.CITY_SUPERVISOR: "supervisor.city",
    Post.OPERATOR: "operator1",
    Post.TRIAGE: "triage1",
    Post.STAFF: "urban.staff",
    Post.CHECKER: "checker1",
    Post.SYSTEM_ADMIN: "admin.system",
    Post.SECURITY_ADMIN: "admin.security",
    Post.AUDIT_ADMIN: "admin.audit",
}
"""People of the demonstration, the first of whom may open a page looks at it."""


def all_pages() -> list[str]:
    """Return the addresses of pages, with the names of their parameters, and of their other views."""
    found = [route.path for route in gets() if route.path not in NOT_PAGES]
    return [*found, *(f"{path}?{query}" for path in found for query in VIEWS.get(path, ()))]


def gets() -> list[APIRoute]:
    """Return every route that is asked for with GET."""
    return [route for route in routes() if "GET" in (route.methods or ())]


def looker(path: str, people: Mapping[str, str]) -> str:
    """Return who looks at a page: nobody where nobody must be signed in."""
    bare = path.partition("?")[0]
    if bare in people:
        return people[bare]
    route = next(route for route in gets() if route.path == bare)
    calls = [dependency.call for dependency in route.dependant.dependencies]
    if any(getattr(call, "__name__", "") == "public" for call in calls):
        return ""
    needed: set[Permission] = {one for call in calls for one in getattr(call, "permissions", ())}
    return next(account for post, account in LOOKERS.items() if needed <= POSTS[post].may)


def address(path: str, samples: Mapping[str, Mapping[str, str]]) -> str:
    """Return an address with its parameters filled in. KeyError for a parameter nobody gave a sample of."""
    bare, _, query = path.partition("?")
    filled = bare.format(**samples[bare]) if "{" in bare else bare
    return f"{filled}?{query}" if query else filled


def name_of(path: str) -> str:
    """Return the name of a page's pictures: cases-one for /cases/{case_no}."""
    bare, _, query = path.partition("?")
    parts = ["one" if part.startswith("{") else part for part in bare.strip("/").split("/")]
    kept = [
        part for place, part in enumerate(parts) if place == 0 or (part, parts[place - 1]) != ("one", "one")
    ]
    return "-".join([*kept, *([query.partition("=")[2]] if query else [])])
