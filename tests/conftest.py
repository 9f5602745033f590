"""What every test shares. Servers and packs have their fixtures beside the tests that use them."""

from hypothesis import HealthCheck, settings

# A slow machine must not fail a property: no deadline, no complaint about slow data.
settings.register_profile("cityops", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cityops")
