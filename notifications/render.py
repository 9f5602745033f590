"""From a message to words: the city's own template, else ours, else a bare text. Never an error.

A template is one file, ``LANGUAGE/NAME.KIND.j2``; its first line is the subject, the rest
after an empty line is the body. ``KIND`` is "email" (a letter) or "short" (a title and a
sentence, for every other channel). Our own files are in ``notifications/templates``; a
city pack overrides any of them by a file of the same name in its own ``templates``
folder (``notifications.overrides``).

Ours are reviewed code and render in this process in microseconds. A city's own are
untrusted: they are compiled and rendered in ``notifications.worker``. When one fails, the
built-in text goes out instead and the outcome says which problem it was; when ours fails
as well (a context without a variable it needs) a bare text names case and kind. A notice
with plain words beats a notice that does not arrive.

A message of an exercise (演练) says so at the start of its subject and of its text, in the
words of its language. The mark is put on what comes out of a template, whichever that is,
so that no city's own template can leave it out.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from notifications.context import LANGUAGES, localise, one_line, restrict
from notifications.delivery import Json, Message, Rendered, TemplateName, TextSource
from notifications.sandbox import UnableToRender, render_source
from notifications.words import tidy, title

_FOLDER = Path(__file__).resolve().parent / "templates"

# A city's template that used up its limits this often stays switched off until the next start:
# each time costs seconds of one core.
_STRIKES = 3
_EXPENSIVE = frozenset({"cpu_limit", "wall_limit", "memory_limit", "worker_died"})

_BETWEEN_LANGUAGES = "\n\n――――――――\n\n"

EXERCISE_MARKS: Mapping[str, str] = {"zh": "【演练】", "en": "[EXERCISE] "}
"""How the subject and the text of every message of an exercise begin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KindLimits:
    """Longest subject and body of a kind, in characters."""

    subject: int
    body: int


KINDS: Mapping[str, KindLimits] = {
    "email": KindLimits(subject=200, body=8000),
    "short": KindLimits(subject=80, body=800),
}


class Worker(Protocol):
    """What renders untrusted sources; ``notifications.worker.TemplateWorker`` does."""

    async def render(self, *, source: str, language: str, context: Mapping[str, Json], max_chars: int) -> str:
        """Return the text or raise UnableToRender."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text:
    subject: str
    body: str
    source: TextSource
    version: str = ""
    problem: str = ""


class TemplateRenderer:
    """Renders messages. ``overrides`` maps template ids ("zh/assignment.email") to sources."""

    def __init__(self, *, overrides: Mapping[str, str] | None = None, worker: Worker | None = None) -> None:
        """Without a worker, overrides are not used at all: they never render in this process."""
        self._overrides = dict(overrides or {}) if worker is not None else {}
        self._worker = worker
        self._strikes: Counter[str] = Counter()

    async def render(self, *, message: Message) -> Rendered:
        """Return the text of a message in its language, or in both, Chinese first, for "zh+en"."""
        data = restrict(context=message.context)
        kind = kind_of(channel=message.channel)
        languages = languages_of(tag=message.language)
        texts = [await self._text(message.template, language, kind, data) for language in languages]
        if message.context.get("exercise"):
            marked = zip(texts, languages, strict=True)
            texts = [_marked(text, language=language, kind=kind) for text, language in marked]
        # The case number is the one thing that must not be lost with the second subject.
        subject = one_line(text=" / ".join(text.subject for text in texts), longest=KINDS[kind].subject)
        return Rendered(
            key=message.key,
            template=message.template,
            channel=message.channel,
            language="+".join(languages),
            subject=subject,
            body=_BETWEEN_LANGUAGES.join(text.body for text in texts),
            data=data,
            source=_worst(texts),
            version="+".join(text.version for text in texts),
            problem=next((text.problem for text in texts if text.problem), ""),
        )

    async def _text(self, template: str, language: str, kind: str, data: Mapping[str, Json]) -> _Text:
        name = f"{language}/{template}.{kind}"
        context = localise(context=data, language=language)
        problem = ""
        if name in self._overrides:
            try:
                return await self._overridden(name, language, kind, context)
            except UnableToRender as unable:
                problem = f"override_{unable.code}"
        try:
            return _built_in(name, language, kind, context, problem)
        except UnableToRender as unable:
            problem = problem or unable.code
        subject, body = bare_text(template=template, language=language, context=context)
        return _Text(subject=subject, body=body, source=TextSource.FALLBACK, problem=problem)

    async def _overridden(self, name: str, language: str, kind: str, context: Mapping[str, Json]) -> _Text:
        if self._worker is None or self._strikes[name] >= _STRIKES:
            raise UnableToRender("disabled")
        source = self._overrides[name]
        try:
            text = await self._worker.render(
                source=source, language=language, context=context, max_chars=_longest(kind)
            )
        except UnableToRender as unable:
            self._strikes[name] += unable.code in _EXPENSIVE
            raise
        subject, body = split(text=text, kind=kind)
        return _Text(
            subject=subject, body=body, source=TextSource.OVERRIDE, version=version_of(source=source)
        )


@cache
def built_in_sources() -> Mapping[str, str]:
    """Return our own templates by id."""
    return {
        f"{language}/{template}.{kind}": (_FOLDER / language / f"{template}.{kind}.j2").read_text(
            encoding="utf-8"
        )
        for language in LANGUAGES
        for template in TemplateName
        for kind in KINDS
    }


def kind_of(*, channel: str) -> str:
    """Return the kind of text a channel carries."""
    return "email" if channel == "email" else "short"


def languages_of(*, tag: str) -> tuple[str, ...]:
    """Return the known languages of "zh", "en" or "zh+en" in that order; Chinese for anything else."""
    return tuple(language for language in LANGUAGES if language in tag.split("+")) or ("zh",)


def version_of(*, source: str) -> str:
    """Return the 12 hex digits that identify a template source in an outbox row."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def split(*, text: str, kind: str) -> tuple[str, str]:
    """Return subject (one line) and body of a rendered text; UnableToRender if either is missing or too long."""
    first, _, rest = text.lstrip("\n").partition("\n")
    subject, body = one_line(text=first, longest=KINDS[kind].subject + 1), tidy(text=rest)
    if not subject or not body:
        raise UnableToRender("no_text")
    if len(subject) > KINDS[kind].subject or len(body) > KINDS[kind].body:
        raise UnableToRender("output_too_large")
    return subject, body


def bare_text(*, template: str, language: str, context: Mapping[str, Json]) -> tuple[str, str]:
    """Return subject and body made without any template, from whatever the context holds."""
    heading = title(template=template, language=language)
    case_no = str(context.get("case_no") or "-")
    if language == "zh":
        return f"【{heading}】{case_no}", f"案件 {case_no} 有新的通知（{heading}），请登录系统查看。"
    return (
        f"[{heading}] {case_no}",
        f"There is a notice ({heading}) on case {case_no}. Please sign in to read it.",
    )


def _built_in(name: str, language: str, kind: str, context: Mapping[str, Json], problem: str) -> _Text:
    source = built_in_sources().get(name)
    if source is None:
        raise UnableToRender("unknown_template")
    text = render_source(source=source, language=language, context=context, max_chars=_longest(kind))
    subject, body = split(text=text, kind=kind)
    built_in = TextSource.BUILT_IN
    return _Text(
        subject=subject, body=body, source=built_in, version=version_of(source=source), problem=problem
    )


def _marked(text: _Text, *, language: str, kind: str) -> _Text:
    """Return the text as an exercise's; the mark stays whole where the rest has to be cut."""
    mark, limits = EXERCISE_MARKS[language], KINDS[kind]
    return replace(
        text,
        subject=one_line(text=_begin_with(mark, text.subject), longest=limits.subject),
        body=_begin_with(mark, text.body)[: limits.body],
    )


def _begin_with(mark: str, text: str) -> str:
    """Put the mark first, once: a template may have written it itself, in its own case."""
    bare = mark.strip()
    rest = text[len(bare) :].lstrip() if text.casefold().startswith(bare.casefold()) else text
    return f"{mark}{rest}"


def _longest(kind: str) -> int:
    return KINDS[kind].subject + KINDS[kind].body


def _worst(texts: list[_Text]) -> TextSource:
    sources = {text.source for text in texts}
    order = (TextSource.FALLBACK, TextSource.BUILT_IN, TextSource.OVERRIDE)
    return next(source for source in order if source in sources)
