"""The client's side of Open311 GeoReport v2: requests and updates to a system docked to ours.

XML is what every server of the standard must speak, so it is what we ask for unless the
endpoint is set to JSON. Answers are read with a parser that refuses DTDs, and no further
than a bound. A POST whose answer did not come is ``unknown``: the caller looks whether the
request is there before it sends another.
"""

import json
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote, urlencode

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from domain.dock import ForeignAnswer, ForeignRequest, ForeignUpdate, Handover, NoUpdates, UnableToAsk
from notifications.checked_http import Answer, CheckedHttp, UnableToExchange
from notifications.egress import EgressPolicy, Resolver, public_only, system_resolver

MOST_BYTES = 8 * 1024 * 1024
FULL_PAGE = 50
"""So many records of an answer may be all it had room for; no server is known to give fewer at once."""
MOST_PAGES = 100
_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_ABSENT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRY_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})

Record = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointSettings:
    """One endpoint. ``form`` is xml or json; ``services`` maps our categories to their codes.

    Without a code of their own they get ``default_service``, or our category's. ``networks``
    are private networks it may lie in; plain http is refused unless ``https_only`` is off.
    """

    url: str
    api_key: str = field(default="", repr=False)
    jurisdiction_id: str = ""
    form: str = "xml"
    services: Mapping[str, str] = field(default_factory=dict)
    default_service: str = ""
    timeout_s: float = 10.0
    https_only: bool = True
    ca_file: str | None = None


class Open311Dock:
    """``domain.dock.Dock`` over HTTP."""

    def __init__(
        self,
        *,
        settings: EndpointSettings,
        allow: EgressPolicy = public_only,
        resolve: Resolver = system_resolver,
    ) -> None:
        """Raise ValueError for an address that is none, OSError for an unreadable ``ca_file``."""
        url = httpx.URL(settings.url)
        schemes = ("https",) if settings.https_only else ("https", "http")
        if url.scheme not in schemes or not url.host or url.userinfo:
            raise ValueError(f"no address of an Open311 endpoint: want {' or '.join(schemes)}://HOST/…")
        self._settings = settings
        self._http = CheckedHttp(
            tls=ssl.create_default_context(cafile=settings.ca_file),
            timeout_s=settings.timeout_s,
            allow=allow,
            resolve=resolve,
        )

    @property
    def url(self) -> str:
        """Return the base URL."""
        return self._settings.url

    def service_code(self, category: str) -> str:
        """Return their code for a category of ours."""
        return self._settings.services.get(category) or self._settings.default_service or category

    async def create(self, *, fields: dict[str, str], key: str) -> ForeignAnswer:
        """POST a request."""
        return await self._post("requests", fields, key, item="request", id_field="service_request_id")

    async def add_update(self, *, fields: dict[str, str], key: str) -> ForeignAnswer:
        """POST an update."""
        return await self._post(
            "servicerequestupdates", fields, key, item="request_update", id_field="update_id"
        )

    async def id_of(self, *, token: str) -> str | None:
        """Ask what a token has become."""
        answer = await self._get(f"tokens/{quote(token, safe='')}", {})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        found = self._records(answer, item="request")
        return next((one["service_request_id"] for one in found if one.get("service_request_id")), None)

    async def requests(
        self, *, ids: tuple[str, ...] = (), since: datetime | None = None
    ) -> list[ForeignRequest]:
        """Ask for requests by number, or since an instant."""
        query = {"service_request_id": ",".join(ids)} if ids else {}
        if since is not None:
            query["start_date"] = _text(since)
        found = await self._all("requests", query, item="request", id_field="service_request_id")
        return [_request(one) for one in found]

    async def updates(self, *, since: datetime, until: datetime) -> list[ForeignUpdate]:
        """Ask for the updates of a stretch of time."""
        query = {"start_date": _text(since), "end_date": _text(until)}
        if self._settings.api_key:
            query["api_key"] = self._settings.api_key
        found = await self._all("servicerequestupdates", query, item="request_update", id_field="update_id")
        return [one for record in found if (one := _update(record)) is not None]

    async def _all(
        self, method: str, query: Mapping[str, str], *, item: str, id_field: str
    ) -> Iterable[Record]:
        """Return a list to its end, page after page, each record once. Raises UnableToAsk, NoUpdates.

        Who knows no pages gives the first one again, or refuses to.
        """
        found: dict[str, Record] = {}
        for page in range(1, MOST_PAGES + 1):
            try:
                answer = await self._get(method, {**query, **({"page": str(page)} if page > 1 else {})})
                if answer.status in _ABSENT and page == 1 and id_field == "update_id":
                    raise NoUpdates
                records = self._records(answer, item=item)
            except UnableToAsk as unable:
                if page == 1 or not unable.code.startswith("http_4"):
                    raise
                break
            before = len(found)
            found |= {one[id_field]: one for one in records if one.get(id_field)}
            if len(records) < FULL_PAGE or len(found) == before:
                break
        return found.values()

    async def _post(
        self, method: str, fields: Mapping[str, str], key: str, *, item: str, id_field: str
    ) -> ForeignAnswer:
        form = {**self._common(), "api_key": self._settings.api_key, **fields}
        headers = {"content-type": _FORM, "idempotency-key": key, **self._headers()}
        content = urlencode({name: text for name, text in form.items() if text}).encode()
        try:
            answer = await self._http.exchange(
                method="POST", url=self._address(method), headers=headers, content=content, most=MOST_BYTES
            )
        except UnableToExchange as unable:
            return ForeignAnswer(state=_fate(unable), code=unable.code)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
            return ForeignAnswer(state=_refusal(answer.status), code=f"http_{answer.status}")
        try:
            found = self._records(answer, item=item)
        except UnableToAsk as unable:
            # It was taken, but nobody can say under which number.
            return ForeignAnswer(state=Handover.UNKNOWN, code=unable.code)
        record: Record = found[0] if found else {}
        foreign, token = record.get(id_field), record.get("token")
        if not foreign and not token:
            return ForeignAnswer(state=Handover.UNKNOWN, code="no_number")
        return ForeignAnswer(state=Handover.DONE, foreign_id=foreign or None, token=token or None)

    async def _get(self, method: str, query: Mapping[str, str]) -> Answer:
        url = self._address(method).copy_merge_params({**self._common(), **query})
        try:
            answer = await self._http.exchange(
                method="GET", url=url, headers=self._headers(), most=MOST_BYTES
            )
        except UnableToExchange as unable:
            raise UnableToAsk(unable.code) from unable
        if answer.status not in (HTTPStatus.OK, *_ABSENT):
            raise UnableToAsk(f"http_{answer.status}")
        return answer

    def _records(self, answer: Answer, *, item: str) -> list[Record]:
        if answer.status != HTTPStatus.OK and answer.status not in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
            raise UnableToAsk(f"http_{answer.status}")
        return (
            _json_records(answer.body) if self._settings.form == "json" else _xml_records(answer.body, item)
        )

    def _common(self) -> dict[str, str]:
        jurisdiction = self._settings.jurisdiction_id
        return {"jurisdiction_id": jurisdiction} if jurisdiction else {}

    def _headers(self) -> dict[str, str]:
        kind = "application/json" if self._settings.form == "json" else "text/xml"
        return {"accept": kind, "user-agent": "cityops-open311/1"}

    def _address(self, method: str) -> httpx.URL:
        return httpx.URL(f"{self._settings.url.rstrip('/')}/{method}.{self._settings.form}")


def _fate(unable: UnableToExchange) -> Handover:
    if unable.code == "not_allowed":
        return Handover.REFUSED
    return Handover.UNKNOWN if unable.written else Handover.LATER


def _refusal(status: int) -> Handover:
    """A key or service code they do not take will not be taken a minute later; a full system will."""
    later = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRY_LATER
    return Handover.LATER if later else Handover.REFUSED


def _json_records(body: bytes) -> list[Record]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnableToAsk("not_json") from error
    if isinstance(found, dict):  # some wrap the array in an object of its name
        found = next((value for value in found.values() if isinstance(value, list)), [found])
    if not isinstance(found, list):
        raise UnableToAsk("not_a_list")
    return [_plain(cast("dict[str, Any]", one)) for one in found if isinstance(one, dict)]


def _plain(record: Mapping[str, Any]) -> Record:
    return {name: "" if value is None else _storable(str(value)) for name, value in record.items()}


def _storable(text: str) -> str:
    """Return a text without what no database keeps: NUL, and halves of surrogate pairs."""
    return _SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def _xml_records(body: bytes, item: str) -> list[Record]:
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise UnableToAsk("not_xml") from error
    found: Iterable[Any] = root.iter(item)
    return [{child.tag: (child.text or "").strip() for child in one} for one in found]


def _request(record: Record) -> ForeignRequest:
    return ForeignRequest(
        service_request_id=record["service_request_id"],
        status=record.get("status", "").upper(),
        status_notes=record.get("status_notes", ""),
        description=record.get("description", ""),
        updated_at=_instant(record.get("updated_datetime", "")),
    )


def _update(record: Record) -> ForeignUpdate | None:
    """Return an update, or None for one that names no request or says no time."""
    at = _instant(record.get("updated_datetime", ""))
    update_id, request = record.get("update_id", ""), record.get("service_request_id", "")
    if at is None or not update_id or not request:
        return None
    return ForeignUpdate(
        update_id=update_id,
        service_request_id=request,
        status=record.get("status", "").upper(),
        description=record.get("description", ""),
        updated_at=at,
    )


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        # The standard demands a zone; who leaves it out means UTC more often than anything else.
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the first of January of the year 1, east of Greenwich
        return None


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
