"""Whether we can hear what devices send. While we are down nobody is heard, and nobody is silent.

Every process that takes in what devices send says again and again that it listens. Where nobody
has said so for a while, that time counts for no device: after an hour without us ten thousand
devices are not silent. What comes late then is ``domain.correlate_senses``' business.
"""

from datetime import datetime, timedelta

import structlog

from usecases.city import City

EVERY_S = 10.0
"""How often a listener says that it listens (machine time)."""
GAP_S = 60.0
"""What is longer than this (machine time) was a time nobody listened."""
FORGOTTEN_S = 21_600.0
"""A listener not heard of for so long (machine time), while another one is, is no listener any more."""
log = structlog.get_logger()


def listen(*, city: City, name: str) -> None:
    """Say that this listener listens. Raises the store's own errors."""
    gap = timedelta(seconds=GAP_S * city.clock.speed)
    deaf = city.store.note_listening(name=name, at=city.now(), gap=gap)
    if deaf:
        log.warning("nobody listened", listener=name, for_s=round(deaf.total_seconds()))


def listened_until(*, city: City) -> datetime:
    """Return until when silence can be told: now, where nobody ever said that it listens."""
    now = city.now()
    last = city.store.listened_until(since=now - timedelta(seconds=FORGOTTEN_S * city.clock.speed))
    return now if last is None else min(now, last)
