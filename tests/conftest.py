"""What every test shares. Servers and packs have their fixtures beside the tests that use them."""

import pytest
from hypothesis import HealthCheck, settings

# A slow machine must not fail a property: no deadline, no complaint about slow data.
settings.register_profile("cityops", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cityops")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares an expensive server, where several workers run the tests (``make test``)."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_shared(item)))


def _shared(item: pytest.Item) -> str:
    """Return the name of what a test shares with others: the running stack of its database, else its module."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    return f"stack-{params['stack']}" if "stack" in params else item.nodeid.partition("::")[0]
