"""How Open311 is written: bare arrays in JSON, wrapped elements in XML, the same fields in both."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from fastapi import Response
from lxml import etree


class Format(StrEnum):
    """A format by the extension in the address."""

    JSON = "json"
    XML = "xml"


CONTENT_TYPES = {
    Format.JSON: "application/json; charset=utf-8",
    Format.XML: "text/xml; charset=utf-8",
}
ITEMS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
}
"""What one element of a list is called in XML, by the list's name."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters no XML document may hold, escaped or not."""

Plain = Mapping[str, Any] | Sequence[Any]


def plain(value: Any) -> Any:
    """Return data as both formats need them: times in UTC with Z, dataclasses as mappings in their order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def written(
    value: Any, *, root: str, form: Format, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer. ``root`` is the outermost element in XML, and nothing in JSON."""
    data = plain(value)
    body = as_json(data) if form is Format.JSON else as_xml(root, data)
    return Response(
        body,
        status_code=status,
        headers={**(headers or {}), "content-type": CONTENT_TYPES[form], "vary": "Accept-Language"},
    )


def as_json(data: Plain) -> bytes:
    """Write JSON in UTF-8, whatever is in it."""
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "backslashreplace")


def as_xml(root: str, data: Plain) -> bytes:
    """Write XML in UTF-8; what no document may hold is left out of texts."""
    element = etree.Element(root)
    _fill(element, data)
    return etree.tostring(element, encoding="utf-8", xml_declaration=True)


def _fill(element: Any, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, one in value.items():
            _fill(etree.SubElement(element, name), one)
    elif isinstance(value, list):
        for one in value:
            _fill(etree.SubElement(element, ITEMS[element.tag]), one)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _NOT_XML.sub("", str(value))
