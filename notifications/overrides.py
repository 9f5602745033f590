"""A city's own templates: reading them from its pack, and trying them out before anybody gets one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from notifications.delivery import Rendered, TextSource
from notifications.render import TemplateRenderer, Worker, built_in_sources
from notifications.samples import sample_message
from notifications.sandbox import LONGEST_SOURCE_BYTES

_SUFFIX = ".j2"
_CHANNEL_OF_KIND = {"email": "email", "short": "in_app"}


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateProblem:
    """What is wrong with one file, for ``cityops check``. ``file`` is relative to the folder."""

    file: str
    code: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrides:
    """Sources by template id ("zh/assignment.email"), and the files that are none."""

    sources: Mapping[str, str]
    problems: tuple[TemplateProblem, ...]


def read_overrides(*, folder: Path) -> Overrides:
    """Read ``LANGUAGE/NAME.KIND.j2`` below a pack's ``templates`` folder; a missing folder is empty.

    A file that overrides nothing, is too long, is not UTF-8 or leads out of the folder
    through a link becomes a problem and is not used; the built-in text goes out instead.
    """
    sources: dict[str, str] = {}
    problems: list[TemplateProblem] = []
    for path in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        file = path.relative_to(folder).as_posix()
        name = file.removesuffix(_SUFFIX)
        code = _refusal(path=path, folder=folder, name=name, file=file)
        if code:
            problems.append(_problem(file=file, code=code))
            continue
        try:
            sources[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            problems.append(_problem(file=file, code="not_readable"))
    return Overrides(sources=sources, problems=tuple(problems))


async def try_overrides(*, overrides: Overrides, worker: Worker) -> tuple[TemplateProblem, ...]:
    """Render every override from its sample; return the problems of reading and of rendering."""
    renderer = TemplateRenderer(overrides=overrides.sources, worker=worker)
    problems = list(overrides.problems)
    for name in overrides.sources:
        rendered = await preview(renderer=renderer, name=name)
        if rendered.source is not TextSource.OVERRIDE:
            code = rendered.problem.removeprefix("override_")
            problems.append(_problem(file=name + _SUFFIX, code=code))
    return tuple(problems)


async def preview(*, renderer: TemplateRenderer, name: str) -> Rendered:
    """Return what the template of this id ("zh/assignment.email") makes of its sample context."""
    language, _, rest = name.partition("/")
    template, _, kind = rest.partition(".")
    channel = _CHANNEL_OF_KIND[kind]
    return await renderer.render(
        message=sample_message(template=template, channel=channel, language=language)
    )


def _refusal(*, path: Path, folder: Path, name: str, file: str) -> str:
    if not file.endswith(_SUFFIX) or name not in built_in_sources():
        return "overrides_nothing"
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        return "leads_outside"
    return "source_too_large" if path.stat().st_size > LONGEST_SOURCE_BYTES else ""


_EXPLANATIONS: Mapping[str, tuple[str, str]] = {
    "overrides_nothing": ("没有同名的内置模板", "there is no built-in template of this name"),
    "leads_outside": ("链接指向模板文件夹之外", "the link leads out of the templates folder"),
    "not_readable": ("无法按 UTF-8 读取", "cannot be read as UTF-8"),
    "source_too_large": ("超过 4 kB", "longer than 4 kB"),
    "syntax": (
        "模板语法错误，或使用了不存在的过滤器",
        "not a valid template, or a filter that does not exist",
    ),
    "undefined": ("使用了不存在的变量", "uses a variable that does not exist"),
    "forbidden": ("使用了模板中不允许的运算或调用", "uses an operation or a call that templates may not use"),
    "output_too_large": ("生成的文字过长", "the text it makes is too long"),
    "no_text": ("缺少标题（第一行）或正文", "the subject (first line) or the body is missing"),
    "cpu_limit": ("占用过多处理时间", "takes too much processor time"),
    "wall_limit": ("耗时过长", "takes too long"),
    "memory_limit": ("占用过多内存", "takes too much memory"),
}


def _problem(*, file: str, code: str) -> TemplateProblem:
    zh, en = _EXPLANATIONS.get(code, ("模板无法使用", "the template cannot be used"))
    return TemplateProblem(file=file, code=code, zh=zh, en=en)
