"""Tickets of a 12345-type hotline become reports: nothing a citizen said is lost for a code we do not know.

Field names of the trade (reference: domain.md §3.4). What cannot be understood — a category, a
coordinate system, a grid — is left out with a warning and kept with the body; only what would make
the report itself wrong is refused.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from domain.attachment import AttachmentKind
from domain.org import Area
from domain.place import Crs, Level, ReportedPlace
from domain.report import Reporter
from domain.source import Source
from geo.crs import from_wgs84, to_wgs84
from usecases.city import City
from usecases.file_report import NOBODY, Filed, FileReport, file_report
from usecases.media import name_media
from usecases.problems import Finding, ProblemCode

HOTLINE = "hotline"
"""The channel of a ticket that names none, where there is no key to say it."""
NO_SEVERITIES: Mapping[str, int] = {}


class Demand(StrEnum):
    """What is wanted: 咨询, 求助, 投诉, 举报, 建议."""

    ENQUIRY = "enquiry"
    HELP = "help"
    COMPLAINT = "complaint"
    TIP_OFF = "tip_off"
    SUGGESTION = "suggestion"


DEMAND_ZH = {
    "咨询": Demand.ENQUIRY,
    "求助": Demand.HELP,
    "投诉": Demand.COMPLAINT,
    "举报": Demand.TIP_OFF,
    "建议": Demand.SUGGESTION,
}
URGENCY_ZH = {"一般": "normal", "紧急": "urgent", "特急": "critical"}
FLAG_ZH = {"群体性": "mass", "扬言": "threat", "媒体": "media", "领导批示": "leader_instruction"}
"""Sensitive flags in the names of the city's tags (E9)."""
CRS_NAMES = {
    "WGS84": Crs.WGS84, "WGS-84": Crs.WGS84, "EPSG:4326": Crs.WGS84, "CGCS2000": Crs.CGCS2000,
    "EPSG:4490": Crs.CGCS2000, "GCJ02": Crs.GCJ02, "GCJ-02": Crs.GCJ02, "BD09": Crs.BD09, "BD-09": Crs.BD09,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedAttachment:
    """An attachment a ticket only names: where it is said to be, and what it shows."""

    url: str
    kind: AttachmentKind = AttachmentKind.OTHER


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A ticket as the hotline sent it. ``unread`` are names of fields nobody here knows.

    ``lon`` and ``lat`` are degrees in ``crs`` (empty: the channel's); ``grid_path`` runs from the
    city down, by code or name; ``related`` are earlier ticket or receipt numbers.
    """

    ticket_no: str
    channel: str = ""
    demand: Demand | None = None
    category: str = ""
    title: str = ""
    description: str = ""
    occurred_at: datetime | None = None
    reported_at: datetime | None = None
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    crs: str = ""
    accuracy_m: float | None = None
    grid_path: tuple[str, ...] = ()
    urgency: str = ""
    severity: int | None = None
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    reporter: Reporter = NOBODY
    related: tuple[str, ...] = ()
    attachments: tuple[NamedAttachment, ...] = ()
    exercise: bool = False
    unread: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class _Reading:
    """What is understood so far, and what is not."""

    city: City
    client: Source | None
    ticket: Ticket
    warnings: list[Finding] = field(default_factory=list)

    def warn(self, code: ProblemCode, **params: str) -> None:
        self.warnings.append(Finding(code=code, params=params))


def ask_of(*, city: City, client: Source | None, ticket: Ticket) -> tuple[FileReport, tuple[Finding, ...]]:
    """Return what is to be filed for a ticket, and what of it was not understood.

    The channel is the client's; the ticket's own where there is no client (demo mode).
    """
    reading = _Reading(city=city, client=client, ticket=ticket)
    ask = FileReport(
        channel=client.channel if client is not None else ticket.channel or HOTLINE,
        description="\n".join(text for text in (ticket.title, ticket.description) if text.strip()),
        category=_category(reading),
        place=_place(reading),
        reporter=ticket.reporter,
        severity=_severity(reading),
        tags=_tags(ticket),
        exercise=ticket.exercise,
        source="" if client is None else client.name,
        source_no=ticket.ticket_no,
        occurred_at=ticket.occurred_at or ticket.reported_at,
        related=ticket.related,
    )
    if ticket.unread:
        names = ", ".join(name[:40] for name in ticket.unread[:10])
        reading.warn(ProblemCode.FIELDS_UNREAD, fields=names)
    return ask, tuple(reading.warnings)


def _category(reading: _Reading) -> str | None:
    """Return our category: the mapping's (``category:THEIRS``), else the same code; else triage classifies."""
    given = reading.ticket.category.strip()
    if not given:
        return None
    catalogue = reading.city.pack.catalogue
    mapping = reading.client.mapping if reading.client is not None else {}
    mapped = _mapped(mapping, given)
    for code in (mapped, given):
        if code is not None and code in catalogue:
            return code
    reading.warn(ProblemCode.CATEGORY_UNMAPPED, category=given[:60])
    return None


def _mapped(mapping: Mapping[str, str], word: str) -> str | None:
    wanted = f"category:{word}".casefold()
    return next((code for name, code in mapping.items() if name.casefold() == wanted), None)


def _severity(reading: _Reading) -> int | None:
    """Return the ticket's own grade, else what the source's words of urgency stand for; urgency alone is no grade."""
    ticket = reading.ticket
    if ticket.severity is not None:
        return ticket.severity
    words = reading.client.severities if reading.client is not None else NO_SEVERITIES
    return words.get(ticket.urgency) or words.get(URGENCY_ZH.get(ticket.urgency, ""))


def _tags(ticket: Ticket) -> tuple[str, ...]:
    demand = () if ticket.demand is None else (f"demand:{ticket.demand.value}",)
    urgency = URGENCY_ZH.get(ticket.urgency, ticket.urgency)
    pressing = (f"urgency:{urgency}",) if urgency not in ("", "normal") else ()
    flags = (FLAG_ZH.get(flag, flag) for flag in ticket.flags)
    return tuple(dict.fromkeys((*ticket.tags, *flags, *demand, *pressing)))


def _place(reading: _Reading) -> ReportedPlace:
    lon, lat = _point(reading)
    ticket = reading.ticket
    area_code = _grid(reading)
    if lon is not None and lat is not None:
        # A point finds its grid by itself, and what is chosen by hand is no point any more to compare with.
        area_code = None
    return ReportedPlace(
        lon=lon,
        lat=lat,
        accuracy_m=ticket.accuracy_m,
        address=ticket.address or None,
        area_code=area_code,
    )


def _point(reading: _Reading) -> tuple[float | None, float | None]:
    """Return the point in the channel's system, converted where the ticket names another of ours."""
    ticket, city = reading.ticket, reading.city
    lon, lat = ticket.lon, ticket.lat
    name = reading.client.channel if reading.client is not None else ticket.channel or HOTLINE
    channel = city.pack.channels.get(name)
    if lon is None or lat is None or not ticket.crs or channel is None:
        return lon, lat
    crs = CRS_NAMES.get(ticket.crs.strip().upper())
    if crs is None:
        known = ", ".join(one.value for one in Crs)
        reading.warn(ProblemCode.CRS_UNKNOWN, crs=ticket.crs[:40], used=channel.crs.value, known=known)
        return lon, lat
    if crs is channel.crs or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return lon, lat
    return from_wgs84(*to_wgs84(lon, lat, crs=crs), crs=channel.crs)


def _grid(reading: _Reading) -> str | None:
    """Walk the path down by codes and names; the deepest area that is ours counts, and what is not is told."""
    found: Area | None = None
    for text in reading.ticket.grid_path:
        step = _below(reading.city, found, text.strip())
        if step is None:
            reading.warn(ProblemCode.GRID_UNKNOWN, grid=text[:60])
            break
        found = step
    # A city is where everything is: that says nothing, and a point or an address says more.
    return None if found is None or found.level is Level.CITY else found.code


def _below(city: City, above: Area | None, text: str) -> Area | None:
    """Return an area by its code, or by its name within the area above it (names repeat in a city)."""
    areas = city.pack.areas
    by_code = areas.get(text)
    if by_code is not None:
        return by_code
    same: Sequence[Area] = [area for level in Level for area in areas.at(level) if area.name == text]
    if above is not None:
        inside = [area for area in same if above.code in {one.code for one in areas.lineage(area.code)}]
        same = [area for area in inside if area.code != above.code]
    return same[0] if len(same) == 1 else None


async def file_ticket(
    *, city: City, client: Source | None, ticket: Ticket, raw: Mapping[str, object]
) -> Filed:
    """File a ticket; durable when this returns. ``raw`` is the body as it came. Raises BadRequest."""
    ask, warnings = ask_of(city=city, client=client, ticket=ticket)
    filed = await file_report(city=city, ask=ask, raw=raw)
    for one in ticket.attachments:
        await asyncio.to_thread(
            partial(
                name_media,
                city=city,
                report_no=filed.accepted.report_no,
                source=ask.source or ask.channel,
                url=one.url,
                kind=one.kind,
            )
        )
    return replace(filed, warnings=(*warnings, *filed.warnings))
