"""XML from strangers: no DTD, no entities, bounded; then CAP's own shape (cap12.xsd)."""

import re
import threading
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser
from lxml import etree

from domain.envelope import DeadCode
from usecases.formats.faults import UnableToRead

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 64
CAP_12 = "urn:oasis:names:tc:emergency:cap:1.2"
CAP_11 = "urn:oasis:names:tc:emergency:cap:1.1"

_DECLARED = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.\-]{1,40})["'][^>]{0,100}\?>"""
)
_CHINESE = frozenset({"gb2312", "gbk", "gb18030"})
_ELEMENT = re.compile(r"^Element '(?:\{[^}]*\})?([^']{1,60})'")
_EXPECTED = re.compile(r"Expected is (?:one of )?\((.*)\)")
_NAMES = re.compile(r"(?:\{[^}]*\})([A-Za-z]{1,40})")
_ONE_AT_A_TIME = threading.Lock()
"""A schema keeps the errors of its last look, so only one thread may look."""


class _Depth:
    """Counts how deep elements go and builds nothing."""

    def __init__(self) -> None:
        self.depth = 0

    def start(self, _tag: str, _attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise UnableToRead(DeadCode.TOO_DEEP, most=str(MOST_DEPTH))

    def end(self, _tag: str) -> None:
        self.depth -= 1

    def data(self, _data: str) -> None:
        pass

    def close(self) -> None:
        pass


def parse_xml(body: bytes) -> etree._Element:
    """Return the root of a document. Raises UnableToRead (too_large, dtd_forbidden, too_deep, encoding, not_xml).

    Any DTD is refused before the real reader sees the bytes: with one, that reader would leave
    out what an entity stands for and say nothing.
    """
    if len(body) > MOST_BYTES:
        raise UnableToRead(DeadCode.TOO_LARGE, size=str(len(body)), most=str(MOST_BYTES))
    body = _in_utf8(body)
    _look(body)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnableToRead(DeadCode.NOT_XML, at=_line(error)) from None


def check_cap(alert: etree._Element) -> None:
    """Look at an alert's shape. Raises UnableToRead (schema) with the first element that is wrong."""
    namespace = etree.QName(alert).namespace or ""
    schema = _schema(namespace)
    with _ONE_AT_A_TIME:
        if schema.validate(alert):
            return
        first = schema.error_log[0]  # type: ignore[index] # missing in the stubs
        message, line = str(first.message), first.line
        reason = str(first.type_name).removeprefix("SCHEMAV_").lower()
    found, wanted = _ELEMENT.match(message), _EXPECTED.search(message)
    # Never the message itself: it repeats what was sent.
    expected = " | ".join(_NAMES.findall(wanted.group(1)))[:200] if wanted else ""
    raise UnableToRead(
        DeadCode.SCHEMA,
        field=found.group(1) if found else "alert",
        reason=reason,
        line=str(line),
        **({"expected": expected} if expected else {}),
    )


def _in_utf8(body: bytes) -> bytes:
    """Return a body declared in a Chinese character set in UTF-8; the first reader does not know those."""
    found = _DECLARED.match(body)
    charset = found.group(1).decode("ascii").lower() if found else ""
    if found is None or charset not in _CHINESE:
        return body
    try:
        return body[found.end() :].decode("gb18030").encode()
    except UnicodeDecodeError as error:
        raise UnableToRead(DeadCode.ENCODING, charset=charset, at=str(error.start)) from None


def _look(body: bytes) -> None:
    parser = DefusedXMLParser(target=_Depth(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(body)
        parser.close()
    except DTDForbidden:
        raise UnableToRead(DeadCode.DTD_FORBIDDEN) from None
    except DefusedXmlException:
        raise UnableToRead(DeadCode.DTD_FORBIDDEN, reason="entity") from None
    except UnableToRead:
        raise
    except (ParseError, ValueError, LookupError) as error:
        raise UnableToRead(DeadCode.NOT_XML, at=_line(error)) from None


def _line(error: Exception) -> str:
    position = getattr(error, "position", None)
    return f"{position[0]}:{position[1]}" if position else "0:0"


@cache
def _schema(namespace: str) -> etree.XMLSchema:
    """Return the shape of CAP in a version's namespace. In 1.1 a resource needs no type."""
    text = Path(__file__).with_name("cap12.xsd").read_text(encoding="utf-8")
    if namespace == CAP_11:
        text = text.replace(CAP_12, CAP_11)
        text = text.replace('<xs:element name="mimeType"', '<xs:element minOccurs="0" name="mimeType"')
    return etree.XMLSchema(etree.fromstring(text.encode()))
