"""The rules a case carries with it from filing on."""

from domain.decision import RoutingDecision
from domain.pack import CityPack
from domain.policy import CaseRules, CheckRule, Rung, SeverityPolicy


def case_rules(
    *,
    pack: CityPack,
    decision: RoutingDecision,
    ladder: tuple[Rung, ...],
    policy: SeverityPolicy | None = None,
) -> CaseRules:
    """Return the pack's rules for one case, pinned with the pack's version.

    ``policy`` is what seasons made of the severity's own (``routing.adjust``). A category
    that asks for a check on site is checked whatever the severity. All the city's tags are
    pinned, since a case may get one later. The clock is the ordinary one; a demonstration
    replaces it.
    """
    category = pack.catalogue.get(decision.category)
    always = category is not None and category.site_check
    return CaseRules(
        version=pack.version,
        severity=policy or pack.severities[decision.severity],
        calendar=pack.calendar,
        ladder=ladder,
        check=CheckRule.ALWAYS if always else pack.check,
        tags=tuple(tag.rule for tag in pack.tags),
    )
