"""``sources.toml``: the systems a city takes reports and alerts from. Their keys are no part of a pack."""

import re
from collections.abc import Mapping

from domain.pack import CityPack
from domain.source import Scope, Source, WireFormat
from store.pack.fields import Fields, all_fields
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

FILE = "sources.toml"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""A source's name is part of addresses and of keys under which answers are found again."""
MILDEST = 4


def read_sources(*, file: TomlFile, book: ProblemBook) -> tuple[Source, ...]:
    """Read every ``[[source]]``. Problems: a name twice or not plain, an unknown scope, wrong words of severity."""
    found = []
    for fields in all_fields(file=file, path="source", book=book):
        source = _source(fields)
        if NAME.fullmatch(source.name) is None:
            zh, en = "名称只用小写字母、数字和连字符", "a name is lower-case letters, digits and hyphens"
            fields.problem("name", code="wrong_value", zh=zh, en=en)
        if not book.wrote("source", source.name, fields.where("name")):
            zh, en = f"来源“{source.name}”重复", f"source {source.name!r} twice"
            fields.problem("name", code="duplicate_source", zh=zh, en=en)
        if source.citizen and (source.per_minute or source.per_day):
            zh, en = "市民渠道不限额", "a channel of citizens has no quota"
            fields.problem("citizen", code="quota_of_citizens", zh=zh, en=en)
        fields.finish(also=("note_zh", "note_en"))
        found.append(source)
    return tuple(found)


def check_sources(*, pack: CityPack, book: ProblemBook) -> None:
    """Report sources whose channel the city does not have."""
    for source in pack.sources:
        if source.channel not in pack.channels:
            zh, en = f"渠道“{source.channel}”不存在", f"channel {source.channel!r} does not exist"
            book.add(where=book.where("source", source.name), code="unknown_channel", zh=zh, en=en)


def _source(fields: Fields) -> Source:
    return Source(
        name=fields.text("name"),
        channel=fields.text("channel"),
        title_zh=fields.text("title_zh"),
        title_en=fields.text("title_en"),
        citizen=fields.flag("citizen"),
        scopes=_scopes(fields),
        per_minute=_quota(fields, "per_minute"),
        per_day=_quota(fields, "per_day"),
        form=fields.choice("form", WireFormat, WireFormat.JSON),
        mapping=_mapping(fields),
        severities=_severities(fields),
    )


def _scopes(fields: Fields) -> tuple[Scope, ...]:
    given = fields.texts("scopes")
    known = {scope.value: scope for scope in Scope}
    for text in given:
        if text not in known:
            names = "、".join(known)
            zh, en = f"没有权限“{text}”,应为 {names}", f"no scope {text!r}, want one of {names}"
            fields.problem("scopes", code="unknown_scope", zh=zh, en=en)
    return tuple(dict.fromkeys(known[text] for text in given if text in known))


def _quota(fields: Fields, key: str) -> int:
    number = fields.integer(key, 0)
    if number < 0:
        zh, en = "限额不得为负,0 表示不限", "a quota is not negative; 0 means none"
        fields.problem(key, code="wrong_value", zh=zh, en=en)
        return 0
    return number


def _table(fields: Fields, key: str) -> Mapping[str, object]:
    value = fields.data.get(key, {}) if fields.has(key) else {}
    if isinstance(value, Mapping):
        return value
    fields.problem(key, code="wrong_value", zh=f"“{key}”应为一个表", en=f"{key!r} must be a table")
    return {}


def _mapping(fields: Fields) -> dict[str, str]:
    table = _table(fields, "mapping")
    for name, path in table.items():
        if not isinstance(path, str):
            zh, en = f"映射“{name}”应为文本", f"mapping {name!r} must be a text"
            fields.problem("mapping", code="wrong_value", zh=zh, en=en)
    return {name: path for name, path in table.items() if isinstance(path, str)}


def _severities(fields: Fields) -> dict[str, int]:
    found = {}
    for word, grade in _table(fields, "severities").items():
        if isinstance(grade, bool) or not isinstance(grade, int) or not 1 <= grade <= MILDEST:
            zh, en = f"“{word}”的等级应为 1 至 {MILDEST}", f"severity of {word!r} must be 1 to {MILDEST}"
            fields.problem("severities", code="wrong_value", zh=zh, en=en)
        else:
            found[word] = grade
    return found
