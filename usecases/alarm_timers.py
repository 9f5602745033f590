"""What time does to alarms: deadlines, devices that fall silent, maintenance and inhibitions that end.

Called by the relay again and again. Each call looks for what is due inside its transaction, so
two relays at once do everything once, and one that dies half-way has done nothing.
"""

from usecases.city import City
from usecases.listening import listened_until
from usecases.signals import alarm_city

MOST_DUE = 200
MOST_SILENT = 500
MOST_WINDOWS = 20
MOST_MUTED = 500


def deadlines(*, city: City) -> int:
    """Carry out the alarms' deadlines that have passed; return of how many alarms."""
    return city.store.alarms_due(city=alarm_city(city), limit=MOST_DUE)


def silence(*, city: City) -> int:
    """Find devices that have been silent for too long; return how many.

    What has come in and was not read yet has been heard: while messages wait, silence is
    counted up to the oldest of them only; and while nobody of us listens, up to when somebody did.
    """
    heard = listened_until(city=city)
    waits = city.store.backlog().oldest_at
    at = heard if waits is None else min(heard, waits)
    return city.store.sweep_silence(city=alarm_city(city), at=at, limit=MOST_SILENT)


def ended(*, city: City) -> int:
    """Look again at what ended maintenance windows and inhibitions muted; return how many windows."""
    given = alarm_city(city)
    city.store.end_mutes(city=given, limit=MOST_MUTED)
    return city.store.end_windows(city=given, limit=MOST_WINDOWS)
