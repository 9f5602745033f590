"""What time does to alarms: deadlines, devices that fall silent, maintenance and inhibitions that end.

Called by the relay again and again. Each call looks for what is due inside its transaction, so
two relays at once do everything once, and one that dies half-way has done nothing.
"""

from datetime import timedelta

import structlog

from domain.alarm_life import Due
from store.inbound import STORE_AWAY
from store.signal_ground import AlarmCity
from usecases.city import City
from usecases.listening import listened_until
from usecases.signals import alarm_city

MOST_DUE = 200
PUT_OFF = timedelta(minutes=1)
log = structlog.get_logger()
MOST_SILENT = 500
MOST_WINDOWS = 20
MOST_MUTED = 500


def deadlines(*, city: City) -> int:
    """Carry out the alarms' deadlines that have passed; return of how many alarms.

    One that meets a fault of ours holds up no other: an unanswered severity 1 waits for nobody.
    """
    given = alarm_city(city)
    try:
        return city.store.alarms_due(city=given, limit=MOST_DUE)
    except STORE_AWAY:
        raise
    except Exception as error:  # noqa: BLE001 - whichever it is, the others are carried out
        log.error("alarm deadlines", error=type(error).__name__)  # noqa: TRY400 - a text may quote people
    numbers = city.store.due_alarms(now=given.now, limit=MOST_DUE)
    for number in numbers:
        _one_deadline(city, number, given)
    return len(numbers)


def _one_deadline(city: City, number: str, given: AlarmCity) -> None:
    try:
        city.store.say_to_alarm(alarm_no=number, word=Due(at=given.now), city=given)
    except STORE_AWAY:
        raise
    except Exception as error:  # noqa: BLE001 - it is tried again, later
        log.error("alarm deadline", alarm=number, error=type(error).__name__)  # noqa: TRY400
        city.store.put_off_alarm(alarm_no=number, until=given.now + PUT_OFF)


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
