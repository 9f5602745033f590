"""The one environment every template is compiled and rendered in.

Jinja2's own sandbox stops reaching into Python, but not eating the machine: operators,
``range`` and padding filters make gigabytes out of ten characters, some of it already
while compiling, because constants are folded (reference: escalation.md §5.4, tested
there with 3.1.6). So this environment takes away everything a notice does not need:

* no arithmetic at all, which also keeps operators from being folded at compile time;
* no call of anything: no methods, no macros, no globals (``range``, ``lipsum``, …);
* attributes only of mappings and of ``loop``, so no method can even be named;
* a dozen filters, four tests, no loader (no include, import or extends);
* an undefined variable is an error, not an empty string.

Trade-off: templates become poor. They print, choose and loop; whatever needs computing is
computed in ``notifications.words`` and offered as a filter. Nested loops over the
context remain quadratic; they are bounded here by the output size, and for templates that
are not ours by the CPU limit of ``notifications.worker``.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications import words
from notifications.delivery import Json

LONGEST_SOURCE_BYTES = 4096

_KEPT_FILTERS = ("default", "first", "join", "last", "length", "lower", "trim", "upper")
_KEPT_TESTS = ("defined", "in", "none", "undefined")


class UnableToRender(Exception):
    """A template did not give a text. ``code`` is stable and goes into the outbox row.

    Codes: source_too_large, syntax, undefined, forbidden, output_too_large, memory_limit,
    cpu_limit, wall_limit, worker_died, worker_not_started, no_text, disabled, error.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoticeEnvironment(ImmutableSandboxedEnvironment):
    """See the module's docstring."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        raise SecurityError(f"no arithmetic in templates: {operator}")

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002
        raise SecurityError(f"no arithmetic in templates: {operator}")

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002
        return False

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return isinstance(obj, LoopContext) and super().is_safe_attribute(obj, attr, value)


@functools.cache
def environment(language: str) -> NoticeEnvironment:
    """Return the environment of a language, with that language's words as filters.

    Autoescape is off because every text is plain text; who shows it inside HTML escapes it there.
    """
    built = NoticeEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    built.globals.clear()
    kept: Mapping[str, Callable[..., Any]] = {name: built.filters[name] for name in _KEPT_FILTERS}
    built.filters = {**kept, **words.filters(language=language)}
    built.tests = {name: built.tests[name] for name in _KEPT_TESTS}
    return built


@functools.lru_cache(maxsize=256)
def compiled(language: str, source: str) -> Template:
    """Return the compiled template; raise UnableToRender when it is too long or not a template."""
    if len(source.encode()) > LONGEST_SOURCE_BYTES:
        raise UnableToRender("source_too_large")
    with _any_error_as_unable_to_render():
        return environment(language).from_string(source)


def render_source(*, source: str, language: str, context: Mapping[str, Json], max_chars: int) -> str:
    """Return the text of a template source; raise UnableToRender with a code for any failure.

    The text is produced piece by piece and given up as soon as it exceeds ``max_chars``.
    """
    template = compiled(language, source)
    pieces: list[str] = []
    size = 0
    with _any_error_as_unable_to_render():
        for piece in template.generate(dict(context)):
            size += len(piece)
            if size > max_chars:
                raise UnableToRender("output_too_large")
            pieces.append(piece)
    return "".join(pieces)


_CODES: tuple[tuple[type[Exception], str], ...] = (
    (SecurityError, "forbidden"),
    (UndefinedError, "undefined"),
    (TemplateSyntaxError, "syntax"),
    (RecursionError, "syntax"),
    (MemoryError, "memory_limit"),
)


@contextmanager
def _any_error_as_unable_to_render() -> Iterator[None]:
    """A template may raise anything at all: a filter's ValueError, RecursionError, MemoryError."""
    try:
        yield
    except UnableToRender:
        raise
    except Exception as error:  # noqa: BLE001
        code = next((code for kind, code in _CODES if isinstance(error, kind)), "error")
        raise UnableToRender(code) from None
