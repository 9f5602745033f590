"""The rules that matched as well and lost, each with why."""

from domain.decision import RunnerUp
from domain.pack import RoutingRule
from routing import words
from routing.book import Rank, RankedRule, RouteBook
from routing.facts import Facts
from routing.resolve import resolve

_PARTS = (
    ("circumstances", "限定条件较少", "it asks for fewer circumstances"),
    ("place", "地点较粗", "its place is coarser"),
    ("category", "类别较宽", "its category is wider"),
)


def runners_up(
    *, winner: RoutingRule, matching: list[RankedRule], facts: Facts, book: RouteBook
) -> tuple[RunnerUp, ...]:
    """Return the losers in the order they would have won."""
    best = next((item for item in matching if item.rule is winner), None)
    return tuple(
        RunnerUp(rule=item.rule.id, lead=_lead(item.rule, facts=facts, book=book), why_zh=zh, why_en=en)
        for item in matching
        if item is not best
        for zh, en in (_why(winner, best, item),)
    )


def _why(winner: RoutingRule, best: RankedRule | None, loser: RankedRule) -> tuple[str, str]:
    if best is None:
        if winner.id == words.ASSET_OWNER:
            return "设施权属单位优先于派单目录", "the asset's owner comes before the catalogue"
        return "所指单位不存在", "the unit it names does not exist here"
    return why_lost(best.rank, loser.rank)


def why_lost(best: Rank, loser: Rank) -> tuple[str, str]:
    """Return in Chinese and English what decided between two ranks."""
    for name, zh, en in _PARTS:
        if getattr(best, name) != getattr(loser, name):
            return f"{zh},不如胜出规则", f"{en} than the winner's"
    return "同样具体,编号在后", "equally specific, its id comes later"


def _lead(rule: RoutingRule, *, facts: Facts, book: RouteBook) -> str | None:
    entry = min(rule.level or facts.category.level, facts.floor)
    found = resolve(selector=rule.lead, entry=entry, facts=facts, book=book)
    return found.unit.code if found is not None else None
