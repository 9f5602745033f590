"""JSON from strangers: bounded in size, depth and number, with the place of every part in the text.

Python's reader takes NaN, keys given twice, halves of surrogate pairs and any depth. Here each of
these spoils the part it stands in, and no other.
"""

import codecs
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from domain.envelope import DeadCode
from usecases.formats.faults import UnableToRead

MOST_BYTES = 4 * 1024 * 1024
MOST_DEPTH = 32
MOST_ITEMS = 10_000
"""Parts of one message."""
CHARSETS = frozenset({"utf-8", "ascii", "gb2312", "gbk", "gb18030", "iso8859-1", "utf-16"})
"""Besides UTF-8, which JSON asks for, what vendors really send when they say so."""

_BLANK = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder()


class _Doubled(dict[str, object]):
    """An object in which a key stood twice."""

    key = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A readable text and what Python makes of it; parts are checked one by one (``checked``).

    ``charset`` is what the text was written in.
    """

    text: str
    value: object
    charset: str = "utf-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One part of a message: its value, not yet checked, and the bytes it stood in."""

    value: object
    body: bytes


def load(*, body: bytes, content_type: str) -> Document:
    """Read a whole body. Raises UnableToRead (too_large, encoding, too_deep, not_json)."""
    if len(body) > MOST_BYTES:
        raise UnableToRead(DeadCode.TOO_LARGE, size=str(len(body)), most=str(MOST_BYTES))
    text = decoded(body=body, content_type=content_type)
    try:
        value = json.loads(text, object_pairs_hook=_object)
        return Document(text=text, value=value, charset=_charset(content_type))
    except RecursionError:
        raise UnableToRead(DeadCode.TOO_DEEP, most=str(MOST_DEPTH)) from None
    except ValueError as error:
        at = f"{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else "0:0"
        raise UnableToRead(DeadCode.NOT_JSON, at=at) from None


def decoded(*, body: bytes, content_type: str) -> str:
    """Return the text of a body in the character set it declares, UTF-8 if none. Raises UnableToRead (encoding)."""
    charset = _charset(content_type)
    try:
        return body.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as error:
        raise UnableToRead(DeadCode.ENCODING, charset=charset, at=str(error.start)) from None


def _charset(content_type: str) -> str:
    """Return the character set a content type declares, UTF-8 if none. Raises UnableToRead (encoding)."""
    header = Message()
    header["content-type"] = re.sub(r"[\r\n]", " ", content_type)
    named = header.get_content_charset("utf-8")
    try:
        charset = codecs.lookup(named).name
    except (LookupError, ValueError):
        charset = ""
    if charset not in CHARSETS:
        raise UnableToRead(DeadCode.ENCODING, charset=_SURROGATE.sub("?", named)[:40])
    return charset


def checked(value: object, *, depth: int = 0) -> object:
    """Return a part with texts any database keeps. Raises UnableToRead (too_deep, bad_value, schema).

    NUL is dropped and half a surrogate pair replaced; the bytes as they came are kept anyway.
    """
    if depth > MOST_DEPTH:
        raise UnableToRead(DeadCode.TOO_DEEP, most=str(MOST_DEPTH))
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise UnableToRead(DeadCode.BAD_VALUE, field="NaN")
    if isinstance(value, list):
        return [checked(each, depth=depth + 1) for each in value]
    if isinstance(value, dict):
        if isinstance(value, _Doubled):
            raise UnableToRead(DeadCode.SCHEMA, reason="key_twice", field=value.key)
        return {clean(key): checked(each, depth=depth + 1) for key, each in value.items()}
    return value


def clean(text: str) -> str:
    """Return a text without NUL and without halves of surrogate pairs."""
    return _SURROGATE.sub("\ufffd", text.replace("\0", ""))


def items(document: Document, *, body: bytes, under: tuple[str, ...] = ()) -> Iterator[Item]:
    """Yield the parts of a message: of the array at ``under`` where there is one, else the whole.

    ``under`` names keys from the outside in. A part's bytes are in the message's own character set:
    it is kept, and replayed, under the same content type. Raises UnableToRead (too_many) before the first.
    """
    value = document.value
    for key in under:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, list):
        yield Item(value=document.value, body=body)
        return
    if len(value) > MOST_ITEMS:
        raise UnableToRead(DeadCode.TOO_MANY, count=str(len(value)), most=str(MOST_ITEMS))
    at = 0
    for key in under:
        at = _member(document.text, at, key)
    yield from (
        Item(value=each, body=document.text[start:end].encode(document.charset, "surrogatepass"))
        for each, (start, end) in zip(value, _elements(document.text, at), strict=False)
    )


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    doubled = _Doubled(made)
    seen: set[str] = set()
    doubled.key = clean(next(key for key, _ in pairs if key in seen or seen.add(key)))[:80]  # type: ignore[func-returns-value]
    return doubled


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where each element of the array at ``at`` stands; the text is known to be JSON."""
    at = _skip(text, at) + 1
    while text[at := _skip(text, at)] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _skip(text, end)
        at += text[at] == ","


def _member(text: str, at: int, key: str) -> int:
    """Return where the last value called ``key`` of the object at ``at`` begins."""
    at, found = _skip(text, at) + 1, at
    while text[at := _skip(text, at)] != "}":
        name, end = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, end) + 1)
        found = at if name == key else found
        _, end = _DECODER.raw_decode(text, at)
        at = _skip(text, end)
        at += text[at] == ","
    return found
