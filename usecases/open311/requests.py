"""Requests as the public sees them: a report's number, its case's state, and nothing about who reported."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from domain.case import Status
from domain.identifiers import is_number
from domain.place import Crs
from store.open311_reads import MOST_COUNTED, RequestRow
from usecases.city import City
from usecases.file_report import UNCLASSIFIED
from usecases.open311.answers import Page, ServiceRequest
from usecases.open311.public_text import public_text
from usecases.open311.query import Query, base_filter, read_query
from usecases.open311.services import check_jurisdiction
from usecases.open311.statuses import note, public_status
from usecases.problems import BadRequest, ProblemCode

KIND = "open311"
"""Channels of this kind hold words that were written to be read by everybody."""
WGS84 = frozenset({Crs.WGS84, Crs.CGCS2000})
UNTOLD = frozenset({Status.REFUSED, Status.CANCELLED})
"""States in which a request's words are not shown: nobody takes them up."""
UNSORTED = ("待分类", "Not sorted yet")


def list_requests(*, city: City, given: Mapping[str, str], exercise: bool, lang: str, media: str) -> Page:
    """Return the page of requests the parameters ask for; at most three statements. Raises UnableToAnswer.

    ``media`` is the address pictures are found below.
    """
    query = read_query(city=city, given=given, exercise=exercise)
    if query.where.numbers is not None:
        known = tuple(number for number in query.where.numbers if is_number(number))
        rows = _numbered(city, exercise=exercise, numbers=known) if known else []
        first = (query.page - 1) * query.page_size
        shown = rows[first : first + query.page_size]
        total = len(rows)
    else:
        shown = city.store.service_requests(
            where=query.where, limit=query.page_size, offset=(query.page - 1) * query.page_size
        )
        total = _total(city, query, len(shown))
    return Page(
        requests=_requests(city, shown, lang, media),
        page=query.page,
        page_size=query.page_size,
        total=total,
        more_than=total >= MOST_COUNTED,
    )


def one_request(
    *, city: City, number: str, jurisdiction: str, exercise: bool, lang: str, media: str
) -> ServiceRequest:
    """Return a request. Raises BadRequest (report_not_found, jurisdiction_not_found)."""
    check_jurisdiction(city=city, given=jurisdiction)
    return _requests(city, [request_row(city=city, number=number, exercise=exercise)], lang, media)[0]


def request_row(*, city: City, number: str, exercise: bool) -> RequestRow:
    """Return what the store has of a request. Raises BadRequest (report_not_found)."""
    rows = _numbered(city, exercise=exercise, numbers=(number,)) if is_number(number) else []
    if not rows:
        raise BadRequest(ProblemCode.REPORT_NOT_FOUND, report_no=number[:40])
    return rows[0]


def _numbered(city: City, *, exercise: bool, numbers: tuple[str, ...]) -> list[RequestRow]:
    where = replace(base_filter(city=city, exercise=exercise), numbers=numbers)
    return city.store.service_requests(where=where, limit=len(numbers), offset=0)


def _total(city: City, query: Query, shown: int) -> int:
    before = (query.page - 1) * query.page_size
    if 0 < shown < query.page_size or (shown == 0 and before == 0):
        return before + shown
    return city.store.count_service_requests(where=query.where)


def _requests(city: City, rows: Sequence[RequestRow], lang: str, media: str) -> tuple[ServiceRequest, ...]:
    public = {row.report_no: row.source for row in rows if _written_for_all(city, row)}
    pictures: dict[str, str] = {}
    for kept in city.store.attachments_of(report_nos=tuple(public)) if public else []:
        url = kept.url or (f"{media}/{kept.id}" if kept.public_digest else None)
        # What staff attached was not sent to be seen by everybody.
        if url is not None and kept.report_no is not None and kept.source == public[kept.report_no]:
            pictures.setdefault(kept.report_no, url)

    @cache  # a page has a few owners, and a code is looked up in every template
    def unit_name(code: str) -> str | None:
        unit = city.pack.tree.find(code) if code else None
        return None if unit is None else unit.name_en if lang == "en" else unit.name_zh

    return tuple(
        _request(city, row, lang=lang, owner=unit_name(row.owner), picture=pictures.get(row.report_no))
        for row in rows
    )


def _request(
    city: City, row: RequestRow, *, lang: str, owner: str | None, picture: str | None
) -> ServiceRequest:
    status = Status(row.status)
    lon, lat = _point(row)
    told = _written_for_all(city, row) and status not in UNTOLD
    return ServiceRequest(
        service_request_id=row.report_no,
        status=public_status(status),
        status_notes=note(status=status, lang=lang),
        service_name=_service_name(city, row, lang),
        service_code=row.category,
        description=(public_text(row.description) or None) if told else None,
        agency_responsible=owner,
        service_notice=None,
        requested_datetime=row.received_at,
        updated_datetime=_updated(row, status),
        expected_datetime=row.handling_due or row.total_due,
        address=_address(city, row, told=told),
        lat=lat,
        long=lon,
        media_url=picture if told else None,
    )


def _updated(row: RequestRow, status: Status) -> datetime:
    """Return the time of closing where it is closed, else of the last change the public is told of."""
    return (
        row.closed_at if row.closed_at is not None and public_status(status) == "closed" else row.updated_at
    )


def _written_for_all(city: City, row: RequestRow) -> bool:
    channel = city.pack.channels.get(row.channel)
    return channel is not None and channel.kind == KIND


def _service_name(city: City, row: RequestRow, lang: str) -> str:
    category = city.pack.catalogue.get(row.category)
    if category is not None:
        return category.name_en if lang == "en" and category.name_en else category.name_zh
    if row.category == UNCLASSIFIED:
        return UNSORTED[lang == "en"]
    return row.category_name or row.category


def _point(row: RequestRow) -> tuple[float | None, float | None]:
    """Return longitude and latitude in WGS-84: as located, or as reported where no conversion is needed."""
    if row.lon is not None and row.lat is not None:
        return row.lon, row.lat
    reported = row.reported
    if reported.lon is None or reported.lat is None or reported.crs not in WGS84:
        return None, None
    inside = abs(reported.lon) <= 180 and abs(reported.lat) <= 90
    return (reported.lon, reported.lat) if inside else (None, None)


def _address(city: City, row: RequestRow, *, told: bool) -> str | None:
    """Return the address as it was written for everybody, else the names of its areas."""
    if told and row.reported.address:
        return public_text(row.reported.address)
    codes = (row.district, row.street, row.community)
    areas = [city.pack.areas.get(code) for code in codes if code is not None]
    return "".join(area.name for area in areas if area is not None) or None
