"""``cityops check``, the names: what tags, seasons, classes and stages of cases refer to must exist."""

from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase

from domain.clock import due
from domain.overlay import GridClass, RuleOverlay
from domain.pack import CityPack
from domain.place import Level
from store.pack import ProblemBook


def check_rule_names(*, pack: CityPack, start: datetime, book: ProblemBook) -> None:
    """Report what leads nowhere. ``start`` (UTC-aware) is where stages of a case are compared with its limit."""
    for overlay in pack.overlays:
        _check_overlay(overlay=overlay, pack=pack, book=book)
    _check_classes(pack=pack, book=book)
    _check_rule_tags(pack=pack, book=book)
    _check_milestones(pack=pack, start=start, book=book)


def _check_overlay(*, overlay: RuleOverlay, pack: CityPack, book: ProblemBook) -> None:
    where = book.where("overlay", overlay.id)
    known = {tag.rule.tag for tag in pack.tags}
    for tag in overlay.tags:
        if tag not in known:
            zh = f"临时规则“{overlay.id}”的标签“{tag}”不在 tags.toml 中,没有报告会带上它"
            en = f"overlay {overlay.id!r} asks for tag {tag!r}, which tags.toml does not have"
            book.add(where=where, code="unknown_tag", zh=zh, en=en)
    for pattern in overlay.categories:
        if not any(fnmatchcase(code, pattern) for code in pack.catalogue):
            zh, en = f"类别“{pattern}”不在目录中", f"no category matches {pattern!r}"
            book.add(where=where, code="unknown_category", zh=zh, en=en)
    for name, _ in overlay.stages:
        missing = [
            n for n, p in sorted(pack.severities.items()) if not hasattr(p.stages, name) and p.book is None
        ]
        if missing:
            numbers = ", ".join(map(str, missing))
            zh = f"临时规则“{overlay.id}”的环节“{name}”属于完整规则,而严重程度 {numbers} 没有 rulebook"
            en = f"overlay {overlay.id!r} sets {name!r} of the rulebook, which severity {numbers} does not have"
            book.add(where=where, code="overlay_without_rulebook", zh=zh, en=en, warning=True)


def _check_classes(*, pack: CityPack, book: ProblemBook) -> None:
    areas = [area.code for level in Level for area in pack.areas.at(level)] if pack.grid_classes else []
    for found in pack.grid_classes:
        for pattern in _unmatched(found, areas):
            zh, en = f"没有编码符合“{pattern}”的区域", f"no area's code matches {pattern!r}"
            where = book.where("grid class", found.name)
            book.add(where=where, code="unknown_area", zh=zh, en=en)


def _unmatched(found: GridClass, areas: list[str]) -> Iterator[str]:
    codes = frozenset(areas)
    for pattern in found.areas:
        if pattern not in codes and not any(fnmatchcase(code, pattern) for code in areas):
            yield pattern


def _check_rule_tags(*, pack: CityPack, book: ProblemBook) -> None:
    """A rule by an alias misses the reports that have the tag's own name. Unknown tags may be a channel's."""
    known = {tag.rule.tag for tag in pack.tags}
    aliases = {alias: tag.rule.tag for tag in pack.tags for alias in tag.aliases}
    for rule in pack.rules:
        if rule.tag is None or rule.tag in known or not known:
            continue
        where, meant = book.where("rule", rule.id), aliases.get(rule.tag)
        if meant is not None:
            zh = f"规则“{rule.id}”用了标签的别名“{rule.tag}”,应写“{meant}”"
            en = f"rule {rule.id!r} uses {rule.tag!r}, an alias: write {meant!r}"
            book.add(where=where, code="tag_alias", zh=zh, en=en)
        else:
            zh = f"规则“{rule.id}”的标签“{rule.tag}”不在 tags.toml 中"
            en = f"rule {rule.id!r} asks for tag {rule.tag!r}, which tags.toml does not have"
            book.add(where=where, code="unknown_tag", zh=zh, en=en, warning=True)


def _check_milestones(*, pack: CityPack, start: datetime, book: ProblemBook) -> None:
    """A stage that ends after the whole case is due is most likely a slip of the pen."""
    for code, category in pack.catalogue.items():
        for condition in category.conditions:
            if not condition.milestones:
                continue
            whole = due(start=start, limit=condition.limit, calendar=pack.calendar).at
            for stage in condition.milestones:
                if due(start=start, limit=stage.limit, calendar=pack.calendar).at > whole:
                    zh = f"节点“{stage.name_zh}”的时限 {stage.limit} 晚于处置时限 {condition.limit}"
                    en = f"milestone {stage.code!r} ({stage.limit}) is due after the case ({condition.limit})"
                    where = book.where("condition", f"{code}/{condition.code}")
                    book.add(where=where, code="milestone_after_limit", zh=zh, en=en, warning=True)
