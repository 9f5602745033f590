"""How much script a page loads at once, as it is sent: what its tags name and all they import by themselves.

Desk and tasks have 60 KB (issue 5). Modules fetched by ``import()`` come when somebody opens a map
or a list, and are not counted; that they are not loaded at once is.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.assets import Asset, assets

TEMPLATES = Path(__file__).resolve().parents[2] / "web" / "templates"
MOST = 60 * 1024
DESK_MOST = 8 * 1024
PAGES = {"/desk": "desk/page.html", "/ask": "desk/ask.html", "/tasks": "tasks"}
_TAG = re.compile(r"""<script[^>]*\bsrc="\{\{\s*static\('([^']+)'\)\s*\}\}\"""")
_PART = re.compile(r"""\{%-?\s*(?:extends|include|import|from)\s+"([^"]+)\"""")
_STATIC = re.compile(r"""(?m)^\s*(?:import|export)\b(?:[^;"']*?\bfrom)?\s*["'](\.[^"']+)["']""")


def templates_of(name: str) -> Iterator[Path]:
    """Yield a page's template, or all of a folder, with the frame and parts they are made of."""
    start = TEMPLATES / name
    waiting = sorted(start.glob("*.html")) if start.is_dir() else [start]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        yield path
        waiting += [TEMPLATES / part for part in _PART.findall(path.read_text(encoding="utf-8"))]


def scripts_of(name: str) -> set[str]:
    """Return the scripts a page loads at once."""
    waiting = [one for path in templates_of(name) for one in _TAG.findall(path.read_text(encoding="utf-8"))]
    seen: set[str] = set()
    while waiting:
        script = waiting.pop()
        if script in seen:
            continue
        seen.add(script)
        text = assets().files[script].body.decode()
        folder = Path(script).parent
        waiting += [(folder / one).as_posix().removeprefix("./") for one in _STATIC.findall(text)]
    return seen


def sent(asset: Asset) -> int:
    """Return a file's bytes on the wire."""
    return len(asset.packed if asset.packed is not None else asset.body)


@pytest.mark.parametrize(("page", "template"), PAGES.items())
def test_a_page_loads_at_most_sixty_kilobytes_of_script(page: str, template: str) -> None:
    sizes = {name: sent(assets().files[name]) for name in scripts_of(template)}
    assert {"vendor/htmx.js", "shell.js", "keys.js"} <= sizes.keys(), page
    assert sum(sizes.values()) <= MOST, sizes


def test_the_desk_loads_no_map_before_it_is_opened() -> None:
    loaded = scripts_of("desk/page.html")
    assert {"desk.js", "combobox.js"} <= loaded
    assert not any(name.startswith(("map", "vendor/maplibre", "desk_map")) for name in loaded)
    assert 'import("./desk_map.js")' in assets().files["desk.js"].body.decode()


def test_the_desks_own_script_is_small() -> None:
    assert sent(assets().files["desk.js"]) <= DESK_MOST
