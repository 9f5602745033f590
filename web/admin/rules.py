"""Units, duty, calendar, catalogue, routing with a trial, and the words of messages."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from domain.account import Permission, Principal
from domain.place import ReportedPlace
from domain.unit import DutyHours
from usecases import rule_pages
from usecases.preview import PreviewReport
from usecases.problems import BadRequest, ProblemCode
from web.guard import needs
from web.render import page
from web.shown import Shown
from web.state import service
from web.words import N_, language_of

router = APIRouter(prefix="/admin/rules")
Reader = Annotated[Principal, Depends(needs(Permission.SEE_RULES))]
Text = Annotated[str, Query(max_length=100)]
Code = Annotated[str, Query(max_length=60)]
DUTY = {
    DutyHours.ALWAYS: N_("day and night"),
    DutyHours.WORK: N_("in working hours"),
    DutyHours.NONE: N_("never"),
    DutyHours.ROTA: N_("as its rota says"),
}


@router.get("")
def overview(request: Request, who: Reader) -> Response:
    """Show the pack that is served: its version, and how much of everything there is."""
    city = service(request).city
    duty = rule_pages.duty(city=city, who=who)
    return page(request, "admin/rules.html", tab="overview", pack=city.pack, duty=duty)


@router.get("/units")
def units(request: Request, who: Reader, q: Text = "", kind: Code = "", level: Code = "") -> Response:
    """Find a unit by code, name or kind."""
    city = service(request).city
    chosen = int(level) if level in {"1", "2", "3", "4", "5"} else None
    found = rule_pages.units(city=city, who=who, text=q, kind=kind, level=chosen)
    kinds = sorted(city.pack.tree.kinds)
    return page(
        request, "admin/units.html", tab="units", units=found, q=q, kind=kind, level=level,
        most=rule_pages.MOST_UNITS, kind_options=[(one, one) for one in kinds], duty_words=DUTY,
    )  # fmt: skip


@router.get("/units/{code}")
def unit(request: Request, who: Reader, code: str) -> Response:
    """Show a unit: where it stands, how it is reached, who is on duty and when that changes."""
    found = rule_pages.unit(city=service(request).city, who=who, code=code)
    return page(request, "admin/unit.html", tab="units", found=found, duty_words=DUTY)


@router.get("/duty")
def duty(request: Request, who: Reader) -> Response:
    """Show who is on duty now at every unit with a rota of its own."""
    rows = rule_pages.duty(city=service(request).city, who=who)
    return page(request, "admin/duty.html", tab="duty", rows=rows)


@router.get("/calendar")
def calendar(
    request: Request, who: Reader, year: Annotated[int | None, Query(ge=1990, le=2100)] = None
) -> Response:
    """Show a year of the working calendar, and whether it has been entered at all."""
    city = service(request).city
    number = year or city.now().astimezone(Shown(city=city, language="zh").zone).year
    found = rule_pages.year(city=city, who=who, number=number)
    return page(request, "admin/calendar.html", tab="calendar", found=found, calendar=city.pack.calendar)


@router.get("/catalogue")
def catalogue(request: Request, who: Reader, q: Text = "") -> Response:
    """Show categories with their filing conditions, limits, grades and departments."""
    found = rule_pages.categories(city=service(request).city, who=who, text=q)
    return page(request, "admin/catalogue.html", tab="catalogue", categories=found, q=q)


class Trial(BaseModel):
    """A report on trial, as the form asks: everything may be left empty."""

    category: Annotated[str, Field(max_length=60)] = ""
    condition: Annotated[str, Field(max_length=60)] = ""
    channel: Annotated[str, Field(max_length=60)] = ""
    place: Annotated[str, Field(max_length=60)] = ""
    place_text: Annotated[str, Field(max_length=200)] = ""
    lon: Annotated[str, Field(max_length=30)] = ""
    lat: Annotated[str, Field(max_length=30)] = ""
    address: Annotated[str, Field(max_length=200)] = ""
    severity: Annotated[str, Field(max_length=1)] = ""
    tag: Annotated[list[str], Field(max_length=20)] = []

    def ask(self, *, channel: str) -> PreviewReport:
        """Return the question; ``channel`` where none was chosen."""
        return PreviewReport(
            channel=self.channel or channel,
            category=self.category,
            condition=self.condition or None,
            place=ReportedPlace(
                lon=_degrees(self.lon),
                lat=_degrees(self.lat),
                address=self.address or None,
                area_code=self.place or None,
            ),
            severity=int(self.severity) if self.severity in {"1", "2", "3", "4"} else None,
            tags=tuple(self.tag),
        )


@router.get("/routing")
def routing(request: Request, who: Reader, asked: Annotated[Trial, Query()]) -> Response:
    """Try a report out: who would get it, by when, and which rules were asked and which one fired."""
    city = service(request).city
    shown = Shown(city=city, language=language_of(request, preferred=who.language))
    known = rule_pages.categories(city=city, who=who)
    context: dict[str, Any] = {
        "tab": "routing", "asked": asked, "tags": city.pack.tags, "tried": None, "problem": "",
        "category_options": [(one.code, f"{one.code} {shown.category(one.code)}") for one in known],
        "channel_options": [(name, shown.channel(name)) for name in city.pack.channels],
    }  # fmt: skip
    if asked.category:
        try:
            ask = asked.ask(channel=next(iter(city.pack.channels)))
            context["tried"] = rule_pages.try_out(city=city, who=who, ask=ask)
        except BadRequest as error:
            context["problem"] = error.finding.text(lang=shown.language)
    return page(request, "admin/routing.html", **context)


@router.get("/templates")
async def templates(
    request: Request, _who: Reader, name: Code = "assignment", channel: Code = "email"
) -> Response:
    """Show a message's words on a believable example, in both languages."""
    shelf = service(request).templates
    if shelf is None:
        raise BadRequest(ProblemCode.NOT_FOUND, path=request.url.path)
    try:
        texts = [
            (language, await shelf.preview(name=name, channel=channel, language=language))
            for language in ("zh", "en")
        ]
    except KeyError as error:
        raise BadRequest(ProblemCode.NOT_FOUND, path=request.url.path) from error
    return page(
        request, "admin/templates.html", tab="templates", name_options=[(one, one.replace("_", " ")) for one in shelf.names],
        name=name, channel=channel, texts=texts,
    )  # fmt: skip


def _degrees(text: str) -> float | None:
    """Read a coordinate; what is none is left out, and the trial says that there is no place."""
    try:
        return float(text) if text.strip() else None
    except ValueError:
        return None
