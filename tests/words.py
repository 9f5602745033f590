"""The catalogues of the pages: which words there are, and which the Chinese catalogues have.

``python -m tests.words`` adds what is missing to ``web/locale/zh_CN`` with an empty translation
and takes out what is no longer used; a person fills it in. A test insists that nothing is left.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
CHINESE = WEB / "locale" / "zh_CN" / "LC_MESSAGES"
SHARED = "base"
"""The area of what all pages share."""
NOT_AREAS = {"static", "templates", "locale", "front", "home", "__pycache__"}
JINJA = {"newstyle_gettext": "true", "extensions": "jinja2.ext.do", "trimmed": "true", "silent": "false"}

Id = str | tuple[str, ...]


def areas() -> list[str]:
    """Return the areas of the consoles: folders of Python or of templates."""
    packages = {path.name for path in WEB.iterdir() if path.is_dir()} - NOT_AREAS
    templates = {path.name for path in (WEB / "templates").iterdir() if path.is_dir()} - {"parts"}
    return sorted(packages | templates)


def ids(area: str) -> set[Id]:
    """Return every message of an area's templates and Python."""
    found: set[Id] = set()
    for path in _files(area):
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {} if path.suffix == ".py" else JINJA
        for _, message, _, _ in extract_from_file(method, path, options=options):
            found.add(message if isinstance(message, str) else tuple(message))
    return found


def catalogue(area: str) -> Catalog:
    """Return an area's Chinese catalogue; an empty one where there is no file yet."""
    path = CHINESE / f"{area}.po"
    if not path.exists():
        return Catalog(locale="zh_CN")
    with path.open("rb") as file:
        return read_po(file, locale="zh_CN")


def kept(area: str) -> set[Id]:
    """Return the messages an area's catalogue has."""
    return {_id(message.id) for message in catalogue(area) if message.id}


def needed(area: str) -> set[Id]:
    """Return the messages an area's own catalogue must have: what the shared one lacks."""
    return ids(area) if area == SHARED else ids(area) - ids(SHARED)


def _id(raw: object) -> Id:
    return raw if isinstance(raw, str) else tuple(raw)  # type: ignore[arg-type]


def _files(area: str) -> Iterator[Path]:
    if area == SHARED:
        yield from sorted(WEB.glob("*.py"))
        yield from sorted((WEB / "home").rglob("*.py"))
        yield from sorted((WEB / "templates").glob("*.html"))
        yield from sorted((WEB / "templates" / "parts").rglob("*.html"))
        return
    yield from sorted((WEB / area).rglob("*.py"))
    yield from sorted((WEB / "templates" / area).rglob("*.html"))


def update(area: str) -> int:
    """Write an area's catalogue anew with what it needs; return how many translations are missing."""
    old, new = catalogue(area), Catalog(locale="zh_CN", fuzzy=False)
    missing = 0
    for message in sorted(needed(area), key=str):
        known = old.get(message)
        string = known.string if known is not None else ""
        missing += not string
        new.add(message, string)
    with (CHINESE / f"{area}.po").open("wb") as file:
        write_po(file, new, width=0, omit_header=True, no_location=True, sort_output=True)
    return missing


if __name__ == "__main__":
    chosen = sys.argv[1:] or [SHARED, *areas()]
    for name in chosen:
        print(f"{name}: {update(name)} without Chinese")  # noqa: T201 - it is a command
