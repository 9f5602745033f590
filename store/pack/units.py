"""``units.toml`` and ``units.csv``: the organisation tree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.org import AreaTable, OrgTree, UnableToStampUnit, UnitTemplate
from domain.place import Level
from domain.unit import Contact, DutyHours, Unit
from store.pack.csv_rows import read_rows
from store.pack.fields import Fields, all_fields
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile, read_toml

FILE = "units.toml"
LIST_FILE = "units.csv"
COLUMNS = ("code", "name_zh", "name_en", "kind", "level", "area_code", "zone", "parent", "duty", "contacts")


@dataclass(kw_only=True, slots=True)
class _Found:
    """Units read so far, before the tree is built."""

    units: dict[str, Unit] = field(default_factory=dict)
    templates: dict[tuple[str, Level], UnitTemplate] = field(default_factory=dict)
    run_by: dict[str, str] = field(default_factory=dict)


def read_units(*, folder: Path, areas: AreaTable, book: ProblemBook) -> OrgTree:
    """Read both files into a tree over these areas. ``units.csv`` may be absent."""
    found = _Found()
    file = read_toml(folder=folder, name=FILE, book=book)
    if file is not None:
        _read_toml_units(file=file, found=found, book=book)
    if (folder / LIST_FILE).exists():
        for row in read_rows(folder=folder, name=LIST_FILE, columns=COLUMNS, book=book):
            _add_unit(row, contacts=_listed_contacts(row), found=found, book=book)
            row.finish()
    return OrgTree(
        areas=areas, units=found.units.values(), templates=found.templates.values(), run_by=found.run_by
    )


def _read_toml_units(*, file: TomlFile, found: _Found, book: ProblemBook) -> None:
    for fields in all_fields(file=file, path="unit", book=book):
        _add_unit(fields, contacts=_contacts(fields), found=found, book=book)
        fields.finish()
    for fields in all_fields(file=file, path="per_area", book=book):
        _add_template(fields, found=found, book=book)
        fields.finish()
    for fields in all_fields(file=file, path="run_by", book=book):
        area = fields.text("area")
        if not book.wrote("run_by", area, fields.where()):
            fields.problem(
                "area", code="duplicate_run_by", zh=f"区域“{area}”重复指定", en=f"area {area!r} named twice"
            )
        found.run_by[area] = fields.text("by")
        fields.finish(also=("note_zh", "note_en"))


def _add_unit(fields: Fields, *, contacts: tuple[Contact, ...], found: _Found, book: ProblemBook) -> None:
    code = fields.text("code")
    if not book.wrote("unit", code, fields.where("code")):
        fields.problem(
            "code", code="duplicate_unit", zh=f"单位编码“{code}”重复", en=f"unit code {code!r} twice"
        )
        return
    found.units[code] = Unit(
        code=code,
        name_zh=fields.text("name_zh"),
        name_en=fields.text("name_en"),
        kind=fields.text("kind"),
        level=fields.choice("level", Level),
        area_code=fields.text("area_code"),
        zone=fields.flag("zone"),
        parent=fields.optional("parent"),
        duty=fields.choice("duty", DutyHours, DutyHours.WORK),
        duty_list=fields.texts("duty_list", separator=" "),
        contacts=contacts,
    )


def _add_template(fields: Fields, *, found: _Found, book: ProblemBook) -> None:
    level, kind = fields.choice("level", Level), fields.text("kind")
    if not book.wrote("per_area", f"{kind}@{level.name}", fields.where()):
        fields.problem(
            "kind",
            code="duplicate_template",
            zh=f"层级 {level.name.lower()} 的单位类型“{kind}”重复定义",
            en=f"kind {kind!r} defined twice for level {level.name.lower()}",
        )
        return
    try:
        found.templates[kind, level] = UnitTemplate(
            level=level,
            kind=kind,
            code=fields.text("code"),
            name_zh=fields.text("name_zh"),
            name_en=fields.text("name_en"),
            parent=fields.optional("parent"),
            duty=fields.choice("duty", DutyHours, DutyHours.WORK),
            duty_list=fields.texts("duty_list"),
            contacts=_contacts(fields),
        )
    except UnableToStampUnit as problem:
        fields.problem("code", code="bad_template", zh=f"模板无法套用:{problem}", en=str(problem))


def _contacts(fields: Fields) -> tuple[Contact, ...]:
    found = []
    for table in fields.tables("contacts"):
        inner = Fields(data=table, at=lambda _key: fields.where("contacts"), book=fields.book)
        found.append(_contact(inner, inner.data))
        inner.finish()
    return tuple(found)


def _contact(fields: Fields, data: Mapping[str, object]) -> Contact:
    channel, address = fields.text("channel"), fields.text("address")
    if channel not in ("in_app", "email", "webhook", "open311"):
        fields.problem(
            "channel",
            code="wrong_value",
            zh=f"联系渠道“{channel}”应为 in_app、email、webhook 或 open311",
            en=f"contact channel {data.get('channel')!r} must be in_app, email, webhook or open311",
        )
    return Contact(channel=channel, address=address)


def _listed_contacts(row: Fields) -> tuple[Contact, ...]:
    """``units.csv`` writes contacts as ``channel=address`` separated by spaces."""
    found = []
    for text in row.texts("contacts", separator=" "):
        channel, _, address = text.partition("=")
        data = {"channel": channel, "address": address}
        found.append(_contact(Fields(data=data, at=row.where, book=row.book), data))
    return tuple(found)
