"""Templates to answers: one environment for each language, the same context for every page."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from usecases.sign_in import SignedIn
from web.assets import assets
from web.nav import entries_for
from web.shown import Shown
from web.state import service
from web.tokens import masked
from web.words import LANGUAGES, language_of, words

TEMPLATES = Path(__file__).resolve().parent / "templates"
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "cityops_theme"
KEYS_COOKIE = "cityops_keys"
"""Set to ``off``: no single-character shortcuts (WCAG 2.1.4)."""


@cache
def environment(language: str) -> Environment:
    """Return the templates of a language. What a template does not get is an error, not an empty text."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    found.install_gettext_translations(words(language), newstyle=True)  # type: ignore[attr-defined]
    found.globals["static"] = assets().url
    found.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    return found


def is_fragment(request: Request) -> bool:
    """Tell whether a part of a page is asked for, not a page."""
    return request.headers.get("hx-request") == "true"


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Render a template, a page or a fragment, for whoever asks.

    Every template has: ``t`` (``web.shown.Shown``: times, names, states), ``who`` (Principal or
    None), ``csrf`` (the token for forms), ``now`` (city time), ``language``, ``theme``,
    ``nav``, ``demo``, ``city``, ``path``, ``static(name)`` and ``_``.
    """
    return HTMLResponse(render(request, template, **context), status_code=status, headers=headers)


def render(request: Request, template: str, **context: Any) -> str:
    """Return the text of a template, for an answer or a part of one."""
    served = service(request)
    found: SignedIn | None = getattr(request.state, "visitor", None)
    who = None if found is None else found.who
    language = language_of(request, preferred=None if who is None else who.language)
    theme = request.cookies.get(THEME_COOKIE, "auto")
    base: dict[str, Any] = {
        "request": request,
        "path": request.url.path,
        "who": who,
        "csrf": "" if found is None else masked(found.csrf),
        "t": Shown(city=served.city, language=language),
        "language": language,
        "languages": tuple(LANGUAGES),
        "theme": theme if theme in THEMES else "auto",
        "keys_off": request.cookies.get(KEYS_COOKIE) == "off",
        "nav": () if who is None else entries_for(who),
        "demo": served.demo_mode,
        "city": served.city.pack.city,
        "now": served.city.now(),
        "live_after": getattr(request.state, "live_after", ""),
        "served_at": datetime.now(UTC),
        "build": assets().build,
    }
    return environment(language).get_template(template).render({**base, **context})
