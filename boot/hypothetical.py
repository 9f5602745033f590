"""A case that does not exist: routed and played forward with the code of the real ones."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from boot.settings import Settings
from boot.wiring import grounds_of
from domain.begin import begin
from domain.case import Outcome
from domain.pack import CityPack
from domain.place import ReportedPlace
from domain.report import NewReport
from domain.simulate import Future, future, whole_future
from routing import canonical
from usecases.city import Grounds
from usecases.place_and_owner import Answer, answer
from usecases.start_case import begin_with, question_of

NUMBER = "00000000-0000-0000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A hypothetical event as given on the command line; ``at`` is city time, None for now."""

    lon: float | None
    lat: float | None
    address: str | None
    category: str
    condition: str | None
    severity: int | None
    channel: str | None
    at: str | None
    tags: tuple[str, ...]


class UnableToImagine(ValueError):
    """The event as given cannot happen in this city."""


def answer_of(*, settings: Settings, event: Event) -> tuple[CityPack, Answer]:
    """Locate and route a hypothetical event."""
    grounds = grounds_of(settings)
    return grounds.pack, answer(grounds=grounds, question=question_of(report_of(grounds, event)))


def future_of(*, settings: Settings, event: Event, within: timedelta) -> tuple[CityPack, list[Outcome]]:
    """Begin a hypothetical case and play its future if nobody acts."""
    grounds = grounds_of(settings)
    report = report_of(grounds, event)
    found = answer(grounds=grounds, question=question_of(report))
    first = begin(begin_with(grounds=grounds, report=report, found=found, at=report.received_at))
    rest = future(state=first.state, until=report.received_at + within)
    return grounds.pack, [first, *rest]


def whole_future_of(
    *, settings: Settings, event: Event, within: timedelta | None = None
) -> tuple[CityPack, Outcome, Future]:
    """Begin a hypothetical case and play it to its end, to where it repeats itself, or as long as ``within``."""
    grounds = grounds_of(settings)
    report = report_of(grounds, event)
    found = answer(grounds=grounds, question=question_of(report))
    first = begin(begin_with(grounds=grounds, report=report, found=found, at=report.received_at))
    until = report.received_at + within if within is not None else None
    return grounds.pack, first, whole_future(state=first.state, until=until)


def report_of(grounds: Grounds, event: Event) -> NewReport:
    """Return the report such an event would be."""
    at = moment(event.at, pack=grounds.pack)
    channels = grounds.pack.channels
    if event.channel is not None and event.channel not in channels:
        raise UnableToImagine(f"no channel {event.channel}; known: {', '.join(sorted(channels))}")
    channel = channels[event.channel] if event.channel is not None else next(iter(channels.values()))
    place = ReportedPlace(lon=event.lon, lat=event.lat, address=event.address)
    return NewReport(
        case_no=NUMBER,
        report_no=NUMBER,
        source=channel.name,
        channel=channel.name,
        category=event.category,
        condition=event.condition,
        description="",
        reported=replace(place, crs=channel.crs),
        severity=event.severity,
        tags=canonical(given=event.tags, known=grounds.pack.tags),
        occurred_at=at,
        received_at=at,
    )


def moment(text: str | None, *, pack: CityPack) -> datetime:
    """Return a time given in city time, UTC-aware; now when none is given."""
    if text is None:
        return datetime.now(UTC)
    given = datetime.fromisoformat(text)
    if given.tzinfo is None:
        given = given.replace(tzinfo=ZoneInfo(pack.city.timezone))
    return given.astimezone(UTC)
