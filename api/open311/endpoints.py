"""The endpoints of GeoReport v2 and mySociety's updates. The extension of the address is the format."""

from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request, Response

from api.clients import client_of, message_key, of_channel
from api.open311 import errors
from api.open311.documented import ERRORS, POST_REQUEST, POST_UPDATE, QUERY, UPDATE_QUERY
from api.open311.forms import FORM, read_form
from api.open311.written import CONTENT_TYPES, Format, written
from api.problems import language
from api.state import service
from domain.source import Scope, Source
from usecases.city import City
from usecases.inbound import keep_refused
from usecases.open311.answers import Page, ServiceRequest, UnableToAnswer
from usecases.open311.filing import file_request, plain
from usecases.open311.form import Form
from usecases.open311.requests import KIND, list_requests, one_request
from usecases.open311.services import check_jurisdiction, definition, services
from usecases.open311.updates import list_updates, take_update
from usecases.problems import BadRequest, ProblemCode

CHANGESET = "2026-11-01T00:00:00Z"
"""When the form of these endpoints last changed."""
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
PRODUCTION, TEST = "/open311/v2", "/open311/test/v2"
log = structlog.get_logger()

router = APIRouter(tags=["open311"])


@router.get("/discovery.{form}", responses=ERRORS)
def get_discovery(request: Request, form: str) -> Response:
    """Say where the endpoints are, for whatever jurisdiction is asked: the real one and the one for drills."""
    settings = _city(request).pack.open311
    base = str(request.base_url).rstrip("/")
    mounts = (("production", PRODUCTION), ("test", TEST))
    found = {
        "changeset": CHANGESET,
        "contact": settings.contact or _city(request).pack.city.name_zh,
        "key_service": settings.key_service or f"{base}/docs",
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": f"{base}{path}",
                "changeset": CHANGESET,
                "type": kind,
                "formats": [CONTENT_TYPES[one].partition(";")[0] for one in (Format.XML, Format.JSON)],
            }
            for kind, path in mounts
        ],
    }
    return written(found, root="discovery", form=_format(request, form))


@router.get("/services.{form}", responses=ERRORS)
def get_services(request: Request, form: str) -> Response:
    """List what may be reported."""
    kind = _format(request, form)
    _check_jurisdiction(request)
    return written(services(city=_city(request), lang=language(request)), root="services", form=kind)


@router.get("/services/{service_code}.{form}", responses=ERRORS)
def get_service(request: Request, service_code: str, form: str) -> Response:
    """Return the questions of a service."""
    kind = _format(request, form)
    _check_jurisdiction(request)
    found = definition(city=_city(request), service_code=service_code, lang=language(request))
    return written(found, root="service_definition", form=kind)


@router.get("/requests.{form}", responses=ERRORS, openapi_extra=QUERY)
def get_requests(request: Request, form: str) -> Response:
    """List requests, newest first, then by number: the last 90 days, a thousand a page at most."""
    kind = _format(request, form)
    page = list_requests(
        city=_city(request),
        given=_given(request),
        exercise=_exercise(request),
        lang=language(request),
        media=_media(request),
    )
    return written(page.requests, root="service_requests", form=kind, headers=_paging(request, page))


def _one(request: Request, number: str) -> ServiceRequest:
    return one_request(
        city=_city(request),
        number=number,
        jurisdiction=_given(request).get("jurisdiction_id", ""),
        exercise=_exercise(request),
        lang=language(request),
        media=_media(request),
    )


@router.get("/requests/{service_request_id}.{form}", responses=ERRORS)
def get_request(request: Request, service_request_id: str, form: str) -> Response:
    """Return one request, in an array."""
    kind = _format(request, form)
    found = _one(request, service_request_id)
    return written([found], root="service_requests", form=kind)


@router.get("/tokens/{token}.{form}", responses=ERRORS)
def get_token(request: Request, token: str, form: str) -> Response:
    """Return the request of a token. We answer with a number at once, so a number is its own token."""
    kind = _format(request, form)
    found = _one(request, token)
    number = found.service_request_id
    return written([{"service_request_id": number, "token": number}], root="service_requests", form=kind)


@router.post("/requests.{form}", responses=ERRORS, openapi_extra=POST_REQUEST)
async def post_request(request: Request, form: str) -> Response:
    """File a request; it is durable when this answers, 201, or 200 for one that was filed before."""
    kind = _format(request, form)
    sent = await read_form(request)
    client = await _client(request, sent, Scope.REPORTS_WRITE)
    city = _city(request)
    channel = _channel(city, client)
    try:
        receipt = await file_request(
            city=city,
            source=client.name if client else KIND,
            channel=channel,
            form=sent,
            exercise=_exercise(request),
            idempotency_key=message_key(request, client=client, given=_idempotency_key(request, client)),
            lang=language(request),
        )
    except (BadRequest, UnableToAnswer) as error:
        await _refused(city, client, sent, error)
        raise
    found = {
        "service_request_id": receipt.service_request_id,
        "service_notice": receipt.service_notice,
        "account_id": receipt.account_id,
    }
    return written([found], root="service_requests", form=kind, status=200 if receipt.repeated else 201)


@router.get("/servicerequestupdates.{form}", responses=ERRORS, openapi_extra=UPDATE_QUERY)
def get_updates(request: Request, form: str) -> Response:
    """List changes of requests' states, oldest first (mySociety's extension)."""
    kind = _format(request, form)
    found = list_updates(
        city=_city(request), given=_given(request), exercise=_exercise(request), lang=language(request)
    )
    return written(found, root="service_request_updates", form=kind)


@router.post("/servicerequestupdates.{form}", responses=ERRORS, openapi_extra=POST_UPDATE)
async def post_update(request: Request, form: str) -> Response:
    """Take an update of somebody else's about a request (mySociety's extension), once by its id."""
    kind = _format(request, form)
    sent = await read_form(request)
    client = await _client(request, sent, Scope.UPDATES_WRITE)
    city = _city(request)
    try:
        number, repeated = await take_update(
            city=city, source=client.name if client else KIND, form=sent, exercise=_exercise(request)
        )
    except (BadRequest, UnableToAnswer) as error:
        await _refused(city, client, sent, error)
        raise
    root = "service_request_updates"
    return written([{"update_id": number}], root=root, form=kind, status=200 if repeated else 201)


def _format(request: Request, extension: str) -> Format:
    if extension not in set(Format):
        raise BadRequest(ProblemCode.NOT_FOUND, path=request.url.path[:200])
    return Format(extension)


def _city(request: Request) -> City:
    return service(request).city


def _exercise(request: Request) -> bool:
    return bool(request.app.exercise)


def _media(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/api/v1/attachments"


def _given(request: Request) -> dict[str, str]:
    """Return the parameters; one that comes several times is a list like one with commas."""
    found: dict[str, list[str]] = {}
    for name, text in request.query_params.multi_items():
        found.setdefault(name.removesuffix("[]"), []).append(plain(text))
    return {name: ",".join(texts) for name, texts in found.items()}


def _check_jurisdiction(request: Request) -> None:
    check_jurisdiction(city=_city(request), given=_given(request).get("jurisdiction_id", ""))


async def _client(request: Request, sent: Form, scope: Scope) -> Source | None:
    """Return whose key it is; None where the city takes requests from everybody. Raises BadRequest."""
    public = _city(request).pack.open311.public and scope is Scope.REPORTS_WRITE
    try:
        found = await client_of(request, scope=scope, api_key=sent.text("api_key"))
    except BadRequest as error:
        if public and error.finding.code is ProblemCode.KEY_REQUIRED:
            return None
        raise
    if found is None and not public:
        raise BadRequest(ProblemCode.KEY_REQUIRED)
    return found


def _channel(city: City, client: Source | None) -> str:
    """Return the channel it comes through: its source's, else the first one of this kind. Raises BadRequest.

    A channel of another kind may count in another coordinate system than the standard's.
    """
    names = [name for name, one in city.pack.channels.items() if one.kind == KIND]
    if client is None:
        return names[0] if names else KIND
    of_channel(client, channel=client.channel if client.channel in names else KIND)
    return client.channel


def _idempotency_key(request: Request, client: Source | None) -> str | None:
    given = request.headers.get("idempotency-key", "").strip()[:200]
    if not given:
        return None
    return given if client is not None else f"{KIND}:{given}"


async def _refused(city: City, client: Source | None, sent: Form, error: BadRequest | UnableToAnswer) -> None:
    """Keep what a known sender was refused, without its key and its files."""
    if client is None:
        return
    finding = error.finding if isinstance(error, BadRequest) else error.findings[0]
    if errors.status_of(finding) not in (400, 404):
        return
    body = urlencode([(name, text) for name, texts in sent.kept().items() for text in texts])
    try:
        await keep_refused(
            city=city,
            source=client.name,
            channel=client.channel,
            form=KIND,
            content_type=FORM,
            body=body.encode(),
            problem=finding,
        )
    except Exception as failure:  # noqa: BLE001 - the sender is told of the refusal in any case
        log.error("refused request not kept", error=type(failure).__name__)  # noqa: TRY400


def _paging(request: Request, page: Page) -> dict[str, str]:
    """Return the headers of a page: how many there are, and where the pages around it are."""
    headers = {"x-total-count": str(page.total), "x-page": str(page.page), "x-page-size": str(page.page_size)}
    if page.more_than:
        headers["x-total-count-at-least"] = "true"
    numbers = {"first": 1, "prev": page.page - 1, "next": page.page + 1, "last": page.last_page}
    wanted: dict[str, Any] = {"first": True, "prev": page.page > 1, "last": not page.more_than}
    wanted["next"] = page.more_than or page.page < page.last_page
    here = request.url.remove_query_params("api_key")
    links = [
        f'<{here.include_query_params(page=number, page_size=page.page_size)}>; rel="{name}"'
        for name, number in numbers.items()
        if wanted[name]
    ]
    return {**headers, "link": ", ".join(links)}
