"""The rules a case carries with it from filing on."""

from domain.decision import RoutingDecision
from domain.pack import CityPack
from domain.policy import CaseRules, CheckRule, Rung


def case_rules(*, pack: CityPack, decision: RoutingDecision, ladder: tuple[Rung, ...]) -> CaseRules:
    """Return the pack's rules for one case, pinned with the pack's version.

    A category that asks for a check on site is checked whatever the severity. The clock is
    the ordinary one; a demonstration replaces it.
    """
    category = pack.catalogue.get(decision.category)
    always = category is not None and category.site_check
    return CaseRules(
        version=pack.version,
        severity=pack.severities[decision.severity],
        calendar=pack.calendar,
        ladder=ladder,
        check=CheckRule.ALWAYS if always else pack.check,
    )
