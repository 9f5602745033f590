"""A city's own templates can neither reach into Python nor eat the machine, and never lose a notice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from notifications.delivery import Rendered, TextSource
from notifications.overrides import read_overrides, try_overrides
from notifications.render import TemplateRenderer
from notifications.samples import sample_message
from notifications.sandbox import UnableToRender, render_source
from notifications.worker import TemplateWorker, WorkerLimits

ID = "zh/assignment.email"
HEAD = "标题 {{ case_no }}\n\n"
# Python itself refuses more than 20 nested blocks; three areas make 3**18 rounds, hours of them.
LOOPS = "{% for i in areas %}" * 18 + "{% if i == 'x' %}x{% endif %}" + "{% endfor %}" * 18
AREAS = ["a", "b", "c", "d", "e"]


@pytest.fixture(scope="module")
async def worker() -> AsyncIterator[TemplateWorker]:
    worker = TemplateWorker()
    yield worker
    await worker.aclose()


async def rendered_with(*, source: str, worker: TemplateWorker) -> Rendered:
    renderer = TemplateRenderer(overrides={ID: source}, worker=worker)
    return await renderer.render(
        message=sample_message(template="assignment", channel="email", language="zh")
    )


async def built_in() -> Rendered:
    return await TemplateRenderer().render(
        message=sample_message(template="assignment", channel="email", language="zh")
    )


async def test_an_override_is_used_instead_of_the_built_in_text(worker: TemplateWorker) -> None:
    rendered = await rendered_with(source=HEAD + "请速办：{{ areas | place }}", worker=worker)
    assert rendered.source is TextSource.OVERRIDE
    assert rendered.subject == "标题 WH-20261122-000123"
    assert rendered.body == "请速办：武汉市 / 洪山区 / 珞南街道"
    assert rendered.version != (await built_in()).version


BOMBS = {
    "repeat a string": ("{{ 'a' * 300000000 }}", "forbidden"),
    "repeat a list": ("{{ [0] * 300000000 }}", "forbidden"),
    "power": ("{{ 9 ** (9 ** 7) }}", "forbidden"),
    "power of a float literal": ("{{ 9 ** 9000000 }}", "forbidden"),
    "format width": ("{{ '%0300000000d' % 1 }}", "forbidden"),
    "concatenate": ("{{ 'a' + 'b' }}", "forbidden"),
    "negate": ("{{ -severity }}", "forbidden"),
    "center": ("{{ 'a' | center(500000000) }}", "syntax"),
    "indent": ("{{ 'a' | indent(500000000, true) }}", "syntax"),
    "format filter": ("{{ '%0300000000d' | format(1) }}", "syntax"),
    "method": ("{{ 'a'.center(500000000) }}", "forbidden"),
    "method by item": ("{{ 'a'['center'](500000000) }}", "forbidden"),
    "format method": ("{{ '{:0300000000d}'.format(1) }}", "forbidden"),
    "range": ("{% for i in range(99999) %}x{% endfor %}", "forbidden"),
    "lipsum": ("{{ lipsum(9999) }}", "forbidden"),
    "classes": ("{{ ''.__class__.__mro__ }}", "forbidden"),
    "classes by filter": ("{{ '' | attr('__class__') }}", "syntax"),
    "subclasses of a variable": ("{{ case_no.__class__.__base__.__subclasses__() }}", "forbidden"),
    "globals of a macro": ("{% macro m() %}{% endmacro %}{{ m.__globals__ }}", "undefined"),
    "call a macro": ("{% macro m() %}x{% endmacro %}{{ m() }}", "forbidden"),
    "recursive loop": (
        "{% for a in areas recursive %}{{ loop(areas) }}{% endfor %}",
        "forbidden",
    ),
    "include": ("{% include 'zh/result.email' %}", "error"),
    "import": ("{% import 'os' as os %}", "error"),
    "not a template": ("{% if %}", "syntax"),
    "deep nesting": ("{{ " + "(" * 1500 + "1" + ")" * 1500 + " }}", "syntax"),
    "unknown variable": ("{{ reporter_phone }}", "undefined"),
    "too much text": ("{% for a in areas %}" * 9 + "x" * 500 + "{% endfor %}" * 9, "output_too_large"),
    "too long": ("x" * 4097, "source_too_large"),
    "doubling": ("{% set a = case_no %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}", "memory_limit"),
    "nested loops": (LOOPS, "cpu_limit"),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_ends_in_the_built_in_text(name: str, worker: TemplateWorker) -> None:
    source, code = BOMBS[name]
    rendered = await rendered_with(source=HEAD + source, worker=worker)
    expected = await built_in()
    assert rendered.problem == f"override_{code}"
    assert rendered.source is TextSource.BUILT_IN
    assert (rendered.subject, rendered.body) == (expected.subject, expected.body)


async def test_the_worker_serves_again_after_each_kind_of_death(worker: TemplateWorker) -> None:
    for bomb in ("doubling", "nested loops"):
        with pytest.raises(UnableToRender):
            await worker.render(
                source=BOMBS[bomb][0], language="zh", context={"case_no": "x", "areas": AREAS}, max_chars=10
            )
        text = await worker.render(source="{{ n }}", language="zh", context={"n": 7}, max_chars=10)
        assert text == "7"


async def test_a_bomb_and_no_variables_give_the_bare_text(worker: TemplateWorker) -> None:
    renderer = TemplateRenderer(overrides={ID: BOMBS["repeat a string"][0]}, worker=worker)
    sample = sample_message(template="assignment", channel="email", language="zh")
    rendered = await renderer.render(message=replace(sample, context={}))
    assert rendered.source is TextSource.FALLBACK
    assert rendered.problem == "override_forbidden"
    assert rendered.subject == "【派单】-"


async def test_an_expensive_override_is_switched_off_after_three_times() -> None:
    worker = TemplateWorker(limits=WorkerLimits(memory_bytes=256 << 20))
    renderer = TemplateRenderer(overrides={ID: HEAD + BOMBS["doubling"][0]}, worker=worker)
    message = sample_message(template="assignment", channel="email", language="zh")
    problems = [(await renderer.render(message=message)).problem for _ in range(4)]
    await worker.aclose()
    assert problems == ["override_memory_limit"] * 3 + ["override_disabled"]


async def test_a_stuck_worker_is_replaced() -> None:
    worker = TemplateWorker()
    assert await worker.render(source="a", language="zh", context={}, max_chars=9) == "a"
    assert worker._process is not None
    os.kill(worker._process.pid, signal.SIGSTOP)
    worker._limits = WorkerLimits(wall_s=0.2)
    with pytest.raises(UnableToRender, match="wall_limit"):
        await worker.render(source="b", language="zh", context={}, max_chars=9)
    worker._limits = WorkerLimits()
    assert await worker.render(source="c", language="zh", context={}, max_chars=9) == "c"
    await worker.aclose()


async def test_a_cancelled_job_does_not_answer_the_next_one(worker: TemplateWorker) -> None:
    await worker.render(source="a", language="zh", context={}, max_chars=9)
    job = asyncio.create_task(
        worker.render(source=LOOPS, language="zh", context={"areas": AREAS}, max_chars=9)
    )
    await asyncio.sleep(0.05)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await worker.render(source="next", language="zh", context={}, max_chars=9) == "next"


async def test_the_worker_has_no_environment_and_cannot_write_files(worker: TemplateWorker) -> None:
    await worker.render(source="a", language="zh", context={}, max_chars=9)
    assert worker._process is not None
    process = Path("/proc") / str(worker._process.pid)
    names = {entry.partition(b"=")[0] for entry in (process / "environ").read_bytes().split(b"\0") if entry}
    assert names <= {b"LC_CTYPE"}, "Python itself may set the locale"
    limits = (process / "limits").read_text()
    assert [line.split()[-3:-1] for line in limits.splitlines() if line.startswith("Max file size")] == [
        ["0", "0"]
    ]


async def test_overrides_are_not_used_without_a_worker() -> None:
    renderer = TemplateRenderer(overrides={ID: HEAD + "x"})
    rendered = await renderer.render(
        message=sample_message(template="assignment", channel="email", language="zh")
    )
    assert rendered == await built_in()


@pytest.mark.parametrize("source", ["only a subject", "\n\n", "subject\n\n   \n", "x" * 300 + "\n\nbody"])
async def test_a_text_without_subject_or_body_is_not_sent(source: str, worker: TemplateWorker) -> None:
    rendered = await rendered_with(source=source, worker=worker)
    assert rendered.source is TextSource.BUILT_IN
    assert rendered.problem in ("override_no_text", "override_output_too_large")


def test_allowed_things_work() -> None:
    source = (
        "{% for a in areas %}{{ loop.index }}{{ a | upper }}{% if not loop.last %},{% endif %}{% endfor %}"
        "{% set n = areas | length %} {{ n }}{{ reason | default('-') }}{{ 'y' if n > 1 else 'z' }}"
    )
    text = render_source(source=source, language="en", context={"areas": ["a", "b"]}, max_chars=99)
    assert text == "1A,2B 2-y"


def write(folder: Path, name: str, text: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


async def test_reading_a_pack_names_every_file_that_will_not_be_used(
    tmp_path: Path, worker: TemplateWorker
) -> None:
    folder = tmp_path / "templates"
    write(folder, "zh/assignment.email.j2", HEAD + "好")
    write(folder, "en/result.short.j2", "Title\n\n{{ 2 * 2 }}")
    write(folder, "zh/closed.short.j2", "Title\n\n{{ phone }}")
    write(folder, "zh/assigment.email.j2", HEAD)
    write(folder, "zh/merged.email.j2", "x" * 5000)
    write(folder, "zh/rework.email.j2", b"\xff\xfe")
    (tmp_path / "secret").write_text("secret")
    (folder / "zh" / "overdue.email.j2").symlink_to(tmp_path / "secret")
    overrides = read_overrides(folder=folder)
    assert set(overrides.sources) == {"zh/assignment.email", "en/result.short", "zh/closed.short"}
    problems = await try_overrides(overrides=overrides, worker=worker)
    assert {problem.file: problem.code for problem in problems} == {
        "en/result.short.j2": "forbidden",
        "zh/closed.short.j2": "undefined",
        "zh/assigment.email.j2": "overrides_nothing",
        "zh/merged.email.j2": "source_too_large",
        "zh/rework.email.j2": "not_readable",
        "zh/overdue.email.j2": "leads_outside",
    }
    assert all(problem.zh and problem.en for problem in problems)


def test_a_pack_without_templates_overrides_nothing(tmp_path: Path) -> None:
    overrides = read_overrides(folder=tmp_path / "missing")
    assert overrides.sources == {}
    assert overrides.problems == ()


@pytest.mark.parametrize("name", ["range", "lipsum", "cycler", "joiner", "namespace", "dict"])
def test_there_are_no_globals(name: str) -> None:
    text = render_source(source=f"{{{{ {name} is defined }}}}", language="zh", context={}, max_chars=9)
    assert text == "False"
