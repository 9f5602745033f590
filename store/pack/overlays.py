"""``overlays.toml`` and ``grid_classes.toml``: what changes limits for a season or a class of areas."""

from dataclasses import fields as dataclass_fields

from domain.limit import Limit
from domain.overlay import GridClass, RuleOverlay
from domain.policy import Rulebook, StageLimits
from store.pack.fields import Fields, all_fields
from store.pack.moments import read_span
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

FILE = "overlays.toml"
CLASSES_FILE = "grid_classes.toml"
STAGES = tuple(
    one.name for kind in (StageLimits, Rulebook) for one in dataclass_fields(kind) if one.type is Limit
)
"""Every limit an overlay may set beside the handling limit."""


def read_overlays(*, file: TomlFile, timezone: str, book: ProblemBook) -> tuple[RuleOverlay, ...]:
    """Read every ``[[overlay]]``. Problems: an id twice, nothing selected, nothing changed."""
    found = []
    for fields in all_fields(file=file, path="overlay", book=book):
        overlay = _overlay(fields, timezone=timezone)
        _unique(fields, key="id", thing="overlay", name=overlay.id)
        if not overlay.tags and not overlay.categories:
            zh, en = "须写明 tags 或 categories", "it must name tags or categories"
            fields.problem(None, code="selects_nothing", zh=zh, en=en)
        if overlay.limit is None and not overlay.stages:
            zh, en = "没有改变任何时限(limit、stages)", "it changes no limit (limit, stages)"
            fields.problem(None, code="changes_nothing", zh=zh, en=en)
        fields.finish(also=("note_zh", "note_en"))
        found.append(overlay)
    return tuple(found)


def _overlay(fields: Fields, *, timezone: str) -> RuleOverlay:
    starts, ends = read_span(fields, timezone=timezone)
    return RuleOverlay(
        id=fields.text("id"),
        name_zh=fields.text("name_zh"),
        name_en=fields.text("name_en"),
        starts=starts,
        ends=ends,
        tags=fields.texts("tags"),
        categories=fields.texts("categories"),
        limit=fields.limit("limit"),
        stages=_stages(fields),
        priority=fields.integer("priority", 0),
        may_lengthen=fields.flag("may_lengthen"),
    )


def _stages(fields: Fields) -> tuple[tuple[str, Limit], ...]:
    data = fields.data.get("stages", {}) if fields.has("stages") else {}
    if not isinstance(data, dict):
        fields.problem("stages", code="wrong_value", zh="stages 应为一个表", en="stages must be a table")
        return ()
    inner = Fields(data=data, at=lambda _key: fields.where("stages"), book=fields.book)
    for name in data:
        if name not in STAGES:
            zh, en = f"没有名为“{name}”的环节时限", f"there is no stage limit {name!r}"
            fields.problem("stages", code="unknown_stage", zh=zh, en=en)
    limits = ((name, inner.limit(name)) for name in STAGES)
    return tuple((name, limit) for name, limit in limits if limit is not None)


def read_classes(*, file: TomlFile, book: ProblemBook) -> tuple[GridClass, ...]:
    """Read every ``[[class]]``. Problems: a name twice, a factor that is not above 0, no areas."""
    found = []
    for fields in all_fields(file=file, path="class", book=book):
        name, factor, areas = fields.text("name"), fields.number("factor"), fields.texts("areas")
        _unique(fields, key="name", thing="grid class", name=name)
        if not 0 < factor <= 100:
            zh, en = f"系数 {factor:g} 应大于 0,不超过 100", f"factor {factor:g} must be above 0, at most 100"
            fields.problem("factor", code="wrong_value", zh=zh, en=en)
            factor = 1.0
        if not areas:
            zh, en = "没有写明区域 areas", "it names no areas"
            fields.problem("areas", code="selects_nothing", zh=zh, en=en)
        found.append(
            GridClass(
                name=name,
                name_zh=fields.text("name_zh"),
                name_en=fields.text("name_en"),
                factor=factor,
                areas=areas,
            )
        )
        fields.finish(also=("note_zh", "note_en"))
    return tuple(found)


def _unique(fields: Fields, *, key: str, thing: str, name: str) -> None:
    if not fields.book.wrote(thing, name, fields.where(key)):
        code = f"duplicate_{thing.replace(' ', '_')}"
        fields.problem(key, code=code, zh=f"“{name}”重复", en=f"{thing} {name!r} twice")
