"""What the endpoints say of themselves in the OpenAPI document, where the framework cannot see it."""

from typing import Any

_TEXT = {"type": "string"}
_NUMBERS = {"type": "array", "items": _TEXT}
_ERRORS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "description": _TEXT},
        "required": ["code", "description"],
    },
}


def _error(description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _ERRORS}, "text/xml": {"schema": _TEXT}}
    return {"description": description, "content": content}


ERRORS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "In JSON a bare array, in XML the same in elements",
        "content": {"text/xml": {"schema": _TEXT}},
    },
    400: _error("Something of the request is wrong; one error for each thing"),
    403: _error("The key is missing or wrong"),
    404: _error("No such service, request, jurisdiction or format"),
    413: _error("The body is too large"),
    429: _error("Too many requests of this client; see Retry-After"),
    503: _error("Busy; try again after Retry-After"),
}


def _queried(**described: str) -> dict[str, Any]:
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": _TEXT, "description": text}
            for name, text in described.items()
        ]
    }


def _body(*required: str, lists: tuple[str, ...] = (), **described: str) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {**_TEXT, "description": text} for name, text in described.items()}
    properties.update(dict.fromkeys(lists, _NUMBERS))
    schema = {"type": "object", "properties": properties, "required": list(required)}
    media = {"media": {"type": "array", "items": {"type": "string", "format": "binary"}}}
    files = {**schema, "properties": {**properties, **media}}
    content = {
        "application/x-www-form-urlencoded": {"schema": schema},
        "multipart/form-data": {"schema": files},
        "application/json": {"schema": schema},
    }
    return {"requestBody": {"required": True, "content": content}}


_PAGES = {"page": "from 1", "page_size": "at most 1000"}
_JURISDICTION = {"jurisdiction_id": "the city's code or name; may be left out"}
QUERY = _queried(
    service_request_id="numbers, separated by commas; overrides everything else",
    service_code="codes, separated by commas",
    start_date="2026-11-18T02:00:00Z; with end_date at most 90 days",
    end_date="2026-11-18T02:00:00Z",
    status="open, closed, or both",
    updated_after="2026-11-18T02:00:00Z: changed since then",
    updated_before="2026-11-18T02:00:00Z: not changed since then",
    lat="with long and radius: around a point",
    long="degrees, WGS-84",
    radius="metres, at most 20000; 1000 where it is left out",
    bbox="west,south,east,north; at most one degree a side",
    **_PAGES,
    **_JURISDICTION,
)
UPDATE_QUERY = _queried(
    start_date="2026-11-18T02:00:00Z",
    end_date="2026-11-18T02:00:00Z; at most 90 days later",
    service_request_id="numbers, separated by commas",
    **_PAGES,
    **_JURISDICTION,
)
POST_REQUEST = _body(
    "service_code",
    lists=("media_url",),
    api_key="the client's key; 403 without",
    service_code="one of services",
    lat="with long; or address_string, or address_id",
    long="degrees, WGS-84",
    address_string="",
    address_id="",
    description="at most 4000 characters",
    email="",
    phone="",
    first_name="",
    last_name="",
    device_id="",
    account_id="",
    **{"attribute[condition]": "one of the service's values"},
    **_JURISDICTION,
)
POST_UPDATE = _body(
    "update_id",
    "service_request_id",
    "status",
    lists=("media_url",),
    api_key="the client's key; 403 without",
    update_id="the sender's own id: the same one again is the same update",
    service_request_id="",
    status="OPEN, CLOSED, FIXED, IN_PROGRESS, …",
    description="",
    updated_datetime="2026-11-18T02:00:00Z",
    **_JURISDICTION,
)
