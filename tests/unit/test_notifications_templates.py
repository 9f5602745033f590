"""Every built-in template gives a text in both languages, from known variables only."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import meta

from domain.place import Level
from notifications.context import LANGUAGES, VARIABLES
from notifications.delivery import Message, TemplateName, TextSource
from notifications.render import KINDS, TemplateRenderer, built_in_sources
from notifications.samples import SAMPLES, sample_message
from notifications.sandbox import LONGEST_SOURCE_BYTES, environment, render_source
from notifications.words import TITLES

ALL = [(template.value, language) for template in TemplateName for language in LANGUAGES]
CHANNELS = ("email", "in_app", "webhook")
ONE_NAME = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(("template", "language"), ALL)
async def test_renders_from_its_sample(template: str, language: str, channel: str) -> None:
    message = sample_message(template=template, channel=channel, language=language)
    rendered = await TemplateRenderer().render(message=message)
    limits = KINDS["email" if channel == "email" else "short"]
    assert rendered.source is TextSource.BUILT_IN
    assert rendered.problem == ""
    assert "\n" not in rendered.subject
    assert 0 < len(rendered.subject) <= limits.subject
    assert 0 < len(rendered.body) <= limits.body
    assert "WH-20261122-000123" in rendered.subject + rendered.body
    assert "None" not in rendered.body
    assert "2026-11" not in rendered.body, "times are shown in words"
    assert re.fullmatch(r"[0-9a-f]{12}", rendered.version)


@pytest.mark.parametrize("template", TemplateName)
async def test_both_languages_in_one_message_chinese_first(template: TemplateName) -> None:
    message = sample_message(template=template, channel="email", language="en+zh")
    rendered = await TemplateRenderer().render(message=message)
    zh = await TemplateRenderer().render(
        message=sample_message(template=template, channel="email", language="zh")
    )
    en = await TemplateRenderer().render(
        message=sample_message(template=template, channel="email", language="en")
    )
    assert rendered.language == "zh+en"
    assert rendered.body.startswith(zh.body)
    assert rendered.body.endswith(en.body)
    assert zh.body != en.body


def test_there_is_one_file_for_every_template_language_and_kind_and_no_other() -> None:
    from notifications.render import _FOLDER

    on_disk = {path.relative_to(_FOLDER).as_posix().removesuffix(".j2") for path in _FOLDER.rglob("*.j2")}
    assert on_disk == set(built_in_sources())


@pytest.mark.parametrize("name", sorted(built_in_sources()))
def test_uses_known_variables_only_and_stays_small(name: str) -> None:
    source = built_in_sources()[name]
    used = meta.find_undeclared_variables(environment("zh").parse(source))
    assert used <= VARIABLES
    assert len(source.encode()) <= LONGEST_SOURCE_BYTES
    assert name.startswith("zh/") == bool(ONE_NAME.search(re.sub(r"[（(]督办[)）]", "", source)))


@pytest.mark.parametrize("template", TemplateName)
def test_samples_hold_every_variable_and_nothing_else(template: TemplateName) -> None:
    assert set(SAMPLES[template]) == VARIABLES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_has_a_title(language: str) -> None:
    assert set(TITLES[language]) == {template.value for template in TemplateName}


@pytest.mark.parametrize(("template", "language"), ALL)
async def test_a_missing_variable_gives_the_bare_text(template: str, language: str) -> None:
    sample = sample_message(template=template, channel="email", language=language)
    context = {name: value for name, value in sample.context.items() if name != "category"}
    message = Message(
        key="k",
        template=template,
        channel="email",
        recipient="a@b.example",
        language=language,
        context=context,
    )
    rendered = await TemplateRenderer().render(message=message)
    assert rendered.source is TextSource.FALLBACK
    assert rendered.problem == "undefined"
    assert TITLES[language][template] in rendered.subject
    assert "WH-20261122-000123" in rendered.subject
    assert rendered.body


@pytest.mark.parametrize("template", ["no_such", "../../etc/passwd", ""])
async def test_an_unknown_template_gives_the_bare_text(template: str) -> None:
    message = Message(
        key="k", template=template, channel="in_app", recipient="x", language="fr", context={"case_no": "C-1"}
    )
    rendered = await TemplateRenderer().render(message=message)
    assert (rendered.source, rendered.problem) == (TextSource.FALLBACK, "unknown_template")
    assert rendered.language == "zh"
    assert "C-1" in rendered.body


async def test_a_deadline_that_is_no_time_gives_the_bare_text() -> None:
    sample = sample_message(template="assignment", channel="email", language="en")
    message = Message(
        key="k",
        template="assignment",
        channel="email",
        recipient="x",
        language="en",
        context={**sample.context, "deadline": "soon"},
    )
    rendered = await TemplateRenderer().render(message=message)
    assert (rendered.source, rendered.problem) == (TextSource.FALLBACK, "error")


json_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["zh", "en", "x"]), inner),
    max_leaves=8,
)


@given(
    template=st.sampled_from([template.value for template in TemplateName]),
    language=st.sampled_from(["zh", "en", "zh+en", "", "xx"]),
    channel=st.sampled_from(CHANNELS),
    context=st.dictionaries(st.sampled_from([*sorted(VARIABLES), "reporter_phone"]), json_plain),
)
async def test_any_context_gives_a_text_within_its_limits(
    template: str, language: str, channel: str, context: dict[str, object]
) -> None:
    message = Message(
        key="k",
        template=template,
        channel=channel,
        recipient="x",
        language=language,
        context=context,  # type: ignore[arg-type]
    )
    rendered = await TemplateRenderer().render(message=message)
    assert rendered.subject.isprintable()
    assert rendered.subject
    assert rendered.body
    assert "reporter_phone" not in rendered.data


async def test_line_breaks_in_a_value_cannot_make_a_second_line() -> None:
    sample = sample_message(template="assignment", channel="email", language="en")
    category = {"zh": "x\r\nBcc: a@b.example", "en": "x\r\nBcc: a@b.example\u2028y\u202ez"}
    message = Message(
        key="k",
        template="assignment",
        channel="email",
        recipient="x",
        language="en",
        context={**sample.context, "category": category},
    )
    rendered = await TemplateRenderer().render(message=message)
    assert rendered.subject == "[Assignment] WH-20261122-000123 x Bcc: a@b.example y z"
    assert "\nBcc" not in rendered.body


async def test_nothing_but_the_known_variables_reaches_a_channel() -> None:
    sample = sample_message(template="result", channel="webhook", language="zh")
    message = Message(
        key="k",
        template="result",
        channel="webhook",
        recipient="x",
        language="zh",
        context={**sample.context, "reporter_phone": "13800000000"},
    )
    rendered = await TemplateRenderer().render(message=message)
    assert set(rendered.data) == VARIABLES
    assert "13800000000" not in repr(rendered)


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("zh", "{{ '2026-11-22T17:05:00+08:00' | city_time }}", "2026年11月22日 17:05"),
        ("en", "{{ '2026-11-22T17:05:00+08:00' | city_time }}", "22 Nov 2026, 17:05"),
        ("zh", "{{ '2UH' | limit_text }}", "2 紧急工作时"),
        ("en", "{{ '1.5WD' | limit_text }}", "1.5 working days"),
        ("en", "{{ 'later' | limit_text }}", "later"),
        ("zh", "{{ [] | place }}", "地点待定"),
        ("zh", "{{ ['武汉市', '洪山区'] | place }}", "武汉市 / 洪山区"),
        ("en", "{{ 'E3' | trigger_name }}", "not signed in within its limit"),
        ("en", "{{ 'E77' | trigger_name }}", "E77"),
    ],
)
def test_words(language: str, source: str, expected: str) -> None:
    assert render_source(source=source, language=language, context={}, max_chars=100) == expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", Level)
def test_every_level_has_a_name(language: str, level: Level) -> None:
    text = render_source(
        source="{{ n | level_name }}", language=language, context={"n": int(level)}, max_chars=50
    )
    assert text != str(int(level))
