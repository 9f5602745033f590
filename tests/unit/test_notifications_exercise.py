"""No message of an exercise (演练) can be taken for a real one, whatever template words it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages import CancelCase
from notifications.context import LANGUAGES
from notifications.delivery import Message, Rendered, TemplateName, TextSource
from notifications.render import EXERCISE_MARKS, KINDS, TemplateRenderer, built_in_sources
from notifications.samples import sample_message
from notifications.worker import TemplateWorker
from tests.unit.builders import OPERATOR, Played, a_case, a_full_case, decision

CHANNELS = ("email", "webhook", "in_app", "sms", "voice")
TAGS = (*LANGUAGES, "zh+en", "en+zh", "", "xx")


def of_an_exercise(*, template: str, channel: str, language: str) -> Message:
    sample = sample_message(template=template, channel=channel, language=language)
    return replace(sample, context={**sample.context, "exercise": True})


def assert_marked(rendered: Rendered) -> None:
    first = EXERCISE_MARKS[rendered.language.split("+")[0]]
    assert rendered.subject.startswith(first)
    assert rendered.body.startswith(first)
    for language in rendered.language.split("+"):
        mark = EXERCISE_MARKS[language].strip()
        assert rendered.subject.count(mark) == 1, "each language says it, once"
        assert rendered.body.count(mark) == 1


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("template", TemplateName)
@pytest.mark.parametrize("language", TAGS)
async def test_every_template_on_every_channel(template: TemplateName, channel: str, language: str) -> None:
    message = of_an_exercise(template=template, channel=channel, language=language)
    assert_marked(await TemplateRenderer().render(message=message))


@pytest.mark.parametrize("template", TemplateName)
async def test_what_is_no_exercise_does_not_say_so(template: TemplateName) -> None:
    for language in LANGUAGES:
        message = sample_message(template=template, channel="email", language=language)
        rendered = await TemplateRenderer().render(message=message)
        assert EXERCISE_MARKS[language].strip() not in rendered.subject + rendered.body


@pytest.mark.parametrize("template", [*TemplateName, "nobody_knows_it"])
async def test_the_bare_text_too(template: str) -> None:
    message = Message(
        key="k", template=template, channel="email", recipient="x", language="zh+en",
        context={"case_no": "C-1", "exercise": True},
    )  # fmt: skip
    rendered = await TemplateRenderer().render(message=message)
    assert rendered.source is TextSource.FALLBACK
    assert_marked(rendered)


@pytest.fixture(scope="module")
async def worker() -> AsyncIterator[TemplateWorker]:
    worker = TemplateWorker()
    yield worker
    await worker.aclose()


@pytest.mark.parametrize("name", sorted(built_in_sources()))
async def test_a_citys_own_template_cannot_leave_it_out(name: str, worker: TemplateWorker) -> None:
    language, _, rest = name.partition("/")
    template, _, kind = rest.partition(".")
    renderer = TemplateRenderer(overrides={name: "A real alarm {{ case_no }}\n\nRun!"}, worker=worker)
    channel = "email" if kind == "email" else "in_app"
    rendered = await renderer.render(
        message=of_an_exercise(template=template, channel=channel, language=language)
    )
    assert rendered.source is TextSource.OVERRIDE
    assert rendered.subject == EXERCISE_MARKS[language] + "A real alarm WH-20261122-000123"
    assert rendered.body == EXERCISE_MARKS[language] + "Run!"


@pytest.mark.parametrize(("subject", "body"), [(200, 7990), (198, 8000)])
async def test_the_mark_stays_where_the_text_has_to_be_cut(
    subject: int, body: int, worker: TemplateWorker
) -> None:
    source = "x" * subject + "\n\n{% for a in areas %}" + "y" * (body // 10) + "{% endfor %}"
    sample = of_an_exercise(template="assignment", channel="email", language="en")
    message = replace(sample, context={**sample.context, "areas": ["a"] * 10})
    renderer = TemplateRenderer(overrides={"en/assignment.email": source}, worker=worker)
    rendered = await renderer.render(message=message)
    assert rendered.source is TextSource.OVERRIDE
    assert_marked(rendered)
    assert len(rendered.subject) <= KINDS["email"].subject
    assert len(rendered.body) <= KINDS["email"].body


truthy = st.one_of(st.just(True), st.integers(1, 9), st.text(min_size=1), st.lists(st.integers(), min_size=1))


@given(template=st.sampled_from(TemplateName), channel=st.sampled_from(CHANNELS), said=truthy)
async def test_however_the_context_says_it(
    template: TemplateName, channel: str, said: bool | int | str | list[int]
) -> None:
    sample = sample_message(template=template.value, channel=channel, language="zh+en")
    rendered = await TemplateRenderer().render(
        message=replace(sample, context={**sample.context, "exercise": said})
    )
    assert_marked(rendered)


def lives(*, exercise: bool) -> list[Played]:
    """Return lives that tell handlers, helpers, reporters, checkers, supervisors and the top."""
    late = a_full_case(3, exercise=exercise)
    late.until(late.now + timedelta(days=30))
    closed = a_case(2, exercise=exercise, decision=decision(co_handlers=("power-1",))).joined("R-2").closed()
    cancelled = a_full_case(4, exercise=exercise)
    cancelled.do(CancelCase, by=OPERATOR, reason="end of the drill")
    return [late, closed, cancelled]


def test_every_message_a_case_owes_in_an_exercise_says_so() -> None:
    drilled = [notice for life in lives(exercise=True) for notice in life.notices]
    real = [notice for life in lives(exercise=False) for notice in life.notices]
    assert len({notice.template for notice in drilled}) >= 8, "many kinds of message"
    assert any(notice.report_no for notice in drilled), "reporters too"
    assert all(notice.context["exercise"] is True for notice in drilled)
    assert not any("exercise" in notice.context for notice in real)
