"""The explanation of a decision in Chinese and English.

People read these sentences in the dispatcher's console and in ``cityops route``; they name
the rule and the fact that decided, never the code path.
"""

from collections.abc import Mapping

from domain.catalogue import Category
from domain.decision import Reason, RouteRequest, Shortfall
from domain.limit import Limit
from domain.overlay import GridClass, RuleOverlay
from domain.pack import RoutingRule, Selector
from domain.place import Level
from domain.unit import Unit
from routing.book import RankedRule
from routing.facts import Facts
from routing.resolve import Found

ASSET_OWNER = "builtin:asset-owner"
FALLBACK = "builtin:locality-fallback"
FLOOR = "builtin:severity-floor"
GUARD = "builtin:community-duty-list"
ZONE = "builtin:zone-first"
COPY = "builtin:district-supervises-street"
CATALOGUE = "builtin:catalogue"
CERTAINTY = "builtin:certainty"

LEVELS_ZH = {
    Level.CITY: "市",
    Level.DISTRICT: "区",
    Level.STREET: "街道",
    Level.COMMUNITY: "社区",
    Level.GRID: "网格",
}

LIMITS_ZH = {
    "limit": "处置", "triage": "甄别", "sign_in": "签收", "return_request": "申请退回", "return_decision": "退回审批",
    "arbitration": "裁定", "contact": "响应", "check": "核查", "rework": "返工", "visit_start": "开始回访", "visit": "回访",
    "retention": "归档", "info_wait": "补正", "verify": "立案前核实", "transfer": "转办回执", "task_sign_in": "子任务签收",
    "extension": "延期审批", "rectify": "差评整改", "appeal_file": "提出申诉", "appeal_review": "申诉审核",
    "supervision_reply": "督办答复", "supervision_review": "督办审核", "acknowledge": "督办确认", "decide_up": "上报决定",
}  # fmt: skip
"""What people call each limit an overlay may set; one without a name here is called by its key."""


def rule_won(rule: RoutingRule, matching: list[RankedRule]) -> Reason:
    """Say which rule decides."""
    if rule.id == ASSET_OWNER:
        zh, en = "设施权属单位已知,由其负责", "the asset's owner is known and responsible"
        return Reason(aspect="rule", rule=rule.id, zh=zh, en=en)
    count = len(matching)
    return Reason(
        aspect="rule",
        rule=rule.id,
        zh=f"{count} 条规则符合,“{rule.note_zh or rule.id}”最具体",
        en=f"{count} rules match, {rule.note_en or rule.id!r} is the most specific",
    )


def leads(rule: RoutingRule, found: Found) -> Reason:
    """Say who leads, and which zone or bubbling led there."""
    unit = found.unit
    if found.zone is not None:
        zh = f"{found.zone}负责此类事项,先于行政区:{unit.name_zh}"
        en = f"{found.zone} answers for this category before the civil district: {unit.name_en}"
        return Reason(aspect="lead", rule=ZONE, zh=zh, en=en)
    if found.passed:
        zh_passed = "、".join(LEVELS_ZH[level] for level in found.passed)
        en_passed = ", ".join(level.name.lower() for level in found.passed)
        zh = f"{zh_passed}一级没有此类单位,上移至{unit.name_zh}"
        en = f"no such unit at {en_passed}, taken up to {unit.name_en}"
        return Reason(aspect="lead", rule=rule.id, zh=zh, en=en)
    return Reason(aspect="lead", rule=rule.id, zh=f"主办:{unit.name_zh}", en=f"lead: {unit.name_en}")


def level(rule: RoutingRule, facts: Facts, found: Found) -> Reason:
    """Say at which level the case enters and why."""
    here = found.unit.level
    name_zh, name_en = LEVELS_ZH[here], here.name.lower()
    if here == facts.floor and facts.category.level > facts.floor:
        zh = f"严重程度 {facts.severity} 不低于{name_zh}一级进入(E1)"
        en = f"severity {facts.severity} enters no lower than {name_en} (E1)"
        return Reason(aspect="level", rule=FLOOR, zh=zh, en=en)
    return Reason(
        aspect="level", rule=rule.id, zh=f"从{name_zh}一级进入", en=f"enters at the {name_en} level"
    )


def condition(facts: Facts) -> Reason:
    """Say which filing condition holds."""
    how_zh, how_en = ("指定的", "named") if facts.request.condition else ("默认的", "default")
    if not facts.condition_known:
        how_zh, how_en = "所填条件未知,改用默认的", "the one named is unknown; default"
    return Reason(
        aspect="condition",
        rule=f"{facts.category.code}/{facts.condition.code}",
        zh=f"{how_zh}立案条件:{facts.condition.name_zh}",
        en=f"{how_en} filing condition: {facts.condition.name_en}",
    )


def limit(rule: RoutingRule, facts: Facts, value: Limit) -> Reason:
    """Say which limit holds and where it comes from."""
    if rule.limit is not None:
        return Reason(aspect="limit", rule=rule.id, zh=f"规则时限 {value}", en=f"the rule's limit {value}")
    source = f"{facts.category.code}/{facts.condition.code}"
    return Reason(
        aspect="limit", rule=source, zh=f"立案条件时限 {value}", en=f"the filing condition's limit {value}"
    )


def lifted(low: Unit, high: Unit, severity: int) -> Reason:
    """Say that severity moved the case up."""
    return Reason(
        aspect="level",
        rule=FLOOR,
        zh=f"严重程度 {severity}:由{low.name_zh}提至{high.name_zh},前者协办",
        en=f"severity {severity}: taken from {low.name_en} up to {high.name_en}, the former joins",
    )


def guarded(community: Unit, street: Unit, category: Category) -> Reason:
    """Say that a community was spared."""
    return Reason(
        aspect="guard",
        rule=GUARD,
        zh=f"“{category.name_zh}”不在{community.name_zh}职责清单内,由{street.name_zh}承担",
        en=f"{category.name_en!r} is not on the duty list of {community.name_en}; {street.name_en} takes it",
    )


def fell_back(rule: RoutingRule | None, unit: Unit) -> Reason:
    """Say that the locality takes what nobody else has."""
    zh = "没有规则符合" if rule is None else f"规则“{rule.id}”所指单位不存在"
    en = "no rule matches" if rule is None else f"the unit of rule {rule.id!r} does not exist here"
    return Reason(
        aspect="rule",
        rule=FALLBACK,
        zh=f"{zh},属地兜底:{unit.name_zh},待派遣员确认",
        en=f"{en}; the locality takes it: {unit.name_en}, until a dispatcher confirms",
    )


def copied(unit: Unit) -> Reason:
    """Say who supervises a street's case."""
    zh, en = f"街道承办,抄送{unit.name_zh}督办", f"a street owns it: copy to {unit.name_en}, which supervises"
    return Reason(aspect="copy_to", rule=COPY, zh=zh, en=en)


def joined(rule: RoutingRule, units: tuple[Unit, ...]) -> Reason:
    """Say who joins."""
    zh, en = "、".join(unit.name_zh for unit in units), ", ".join(unit.name_en for unit in units)
    source = rule.id if rule.co is not None else CATALOGUE
    return Reason(aspect="co_handlers", rule=source, zh=f"协办:{zh}", en=f"co-handlers: {en}")


def nobody_to_join(selector: Selector) -> Reason:
    """Say that a co-handler does not exist."""
    return Reason(
        aspect="co_handlers",
        rule=CATALOGUE,
        zh=f"没有可协办的单位:{selector}",
        en=f"there is no unit to join: {selector}",
    )


def _doubt(zh: str, en: str) -> Reason:
    return Reason(aspect="confidence", rule=CERTAINTY, zh=zh, en=en)


DOUBT_FALLBACK = _doubt("属地兜底,须派遣员确认", "fallback to the locality: a dispatcher confirms")
DOUBT_BORDER = _doubt("位于边界,邻近区域另有主管", "on a border: the area next to it has another owner")
DOUBT_COARSE = _doubt("位置只到上级区域", "the place is known only to a higher area")
DOUBT_PLACEHOLDER = _doubt("坐标为渠道占位点", "the point is the channel's placeholder")
DOUBT_DISAGREES = _doubt("地址有歧义或与坐标不符", "the address is ambiguous or disagrees with the point")
DOUBT_ADDRESS = _doubt("按地址文字定位", "located by the text of the address")
DOUBT_NEAREST = _doubt("不在任何区域内,取最近区域", "outside every area, the nearest was taken")
DOUBT_CONDITION = _doubt("立案条件未知,按默认条件", "unknown filing condition, the default holds")

_SHORTFALLS = {
    Shortfall.NO_LOCATION: ("没有可用的位置", "there is no usable location"),
    Shortfall.OUTSIDE_CITY: ("位置在本市之外", "the place is outside the city"),
    Shortfall.UNKNOWN_CATEGORY: ("类别“{}”不在目录中", "category {!r} is not in the catalogue"),
    Shortfall.NO_RULE: ("类别“{}”没有适用规则,也无属地单位", "no rule and no locality for category {!r}"),
    Shortfall.NO_UNIT: ("类别“{}”的规则所指单位不存在", "the rules for category {!r} name no existing unit"),
}


def shortfall(gap: Shortfall, request: RouteRequest) -> Reason:
    """Say why no unit could be chosen."""
    zh, en = _SHORTFALLS[gap]
    return Reason(
        aspect="shortfall",
        rule=f"builtin:{gap.value}",
        zh=zh.format(request.category),
        en=en.format(request.category),
    )


def classed(found: GridClass, *, factor: float, before: Limit, after: Limit) -> Reason:
    """Say that the class of the area changed the limit."""
    return Reason(
        aspect="limit",
        rule=f"grid-class:{found.name}",
        zh=f"{found.name_zh}:时限乘 {factor:g},由 {before} 改为 {after}",
        en=f"{found.name_en}: limit times {factor:g}, {before} becomes {after}",
    )


def overlaid(overlay: RuleOverlay, changed: Mapping[str, Limit]) -> Reason:
    """Say which limits a season changed, by their names."""
    zh = "、".join(f"{LIMITS_ZH.get(name, name)} {limit}" for name, limit in changed.items())
    en = ", ".join(f"{name} {limit}" for name, limit in changed.items())
    return Reason(
        aspect="limit",
        rule=f"overlay:{overlay.id}",
        zh=f"临时规则“{overlay.name_zh}”:{zh}",
        en=f"temporary rules {overlay.name_en!r}: {en}",
    )
