"""What every test shares. Servers and packs have their fixtures beside the tests that use them."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, settings

NO_BROWSER = "NO CHROMIUM"
# A slow machine must not fail a property: no deadline, no complaint about slow data.
settings.register_profile("cityops", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cityops")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares an expensive server, where several workers run the tests (``make test``)."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_shared(item)))


def _shared(item: pytest.Item) -> str:
    """Return the name of what a test shares with others: the running stack of its database, else its module."""
    if item.path.parent.name == "browser" and not {"stack", "seeded_site"}.isdisjoint(_fixtures(item)):
        return "browser"  # one browser, one site, one stack
    params = getattr(getattr(item, "callspec", None), "params", {})
    return f"stack-{params['stack']}" if "stack" in params else item.nodeid.partition("::")[0]


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that no page was looked at: a machine without a browser proves nothing about pages."""
    skipped = terminalreporter.stats.get("skipped", [])
    unseen = sum(NO_BROWSER in str(one.longrepr) for one in skipped)
    if unseen:
        terminalreporter.write_sep("!", f"{NO_BROWSER}: {unseen} tests skipped", red=True, bold=True)
