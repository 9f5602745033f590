"""What an operator has typed so far, as texts by name: what is kept in a draft and filed in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.pack import Channel, CityPack
from domain.place import Crs, ReportedPlace
from domain.report import Reporter
from usecases.problems import BadRequest, ProblemCode
from usecases.texts import check_values

ANSWER = "answer:"
"""Before a question's code in the name of its answer."""
MOST: Mapping[str, int] = {
    "phone": 40, "name": 100, "description": 20_000, "category": 60, "category_text": 200, "condition": 60,
    "place": 100, "place_text": 400, "lon": 30, "lat": 30, "area": 60, "accuracy": 5, "anonymous": 5, "confidential": 5,
    "no_visit": 5, "severity": 1, "handed": 200, "joins": 60,
}  # fmt: skip
"""The names of what is kept, and how many characters each may have."""
MOST_ACCURACY_M = 2_000
MOST_ANSWER = 60
MOST_ANSWERS = 40
ON = "yes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """The form as it means something. ``lon``/``lat`` are WGS-84 degrees from our own map.

    ``accuracy_m`` is how far off the point may be where only a road or a neighbourhood is known.

    ``handed`` are units of kind PEER the call was handed to; ``joins`` is the open case the
    operator says this is about.
    """

    phone: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    description: str = field(default="", repr=False)
    category: str | None = None
    condition: str | None = None
    address: str = field(default="", repr=False)
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    area: str | None = None
    anonymous: bool = False
    confidential: bool = False
    wants_visit: bool = True
    severity: int | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    handed: tuple[str, ...] = ()
    joins: str | None = None

    @property
    def place(self) -> ReportedPlace:
        """Return the place as it is reported: the pin, or the area chosen by name, and the words."""
        pinned = self.lon is not None and self.lat is not None and self.area is None
        return ReportedPlace(
            lon=self.lon if pinned else None,
            lat=self.lat if pinned else None,
            accuracy_m=self.accuracy_m if pinned else None,
            address=self.address or None,
            area_code=self.area,
        )

    @property
    def reporter(self) -> Reporter:
        """Return who reported; whoever wants no name gets none kept beside the number to call back."""
        return Reporter(
            name="" if self.anonymous else self.name,
            phone=self.phone,
            anonymous=self.anonymous,
            confidential=self.confidential,
            wants_visit=self.wants_visit,
        )


def clean(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields a draft keeps, without empty ones. Raises BadRequest (too_long, control_characters)."""
    kept = {name: text for name, text in fields.items() if name in MOST and text.strip()}
    answers = {name: text for name, text in fields.items() if name.startswith(ANSWER) and text.strip()}
    if len(answers) > MOST_ANSWERS or any(len(name) > MOST_ANSWER for name in answers):
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    check_values(values={**kept, **answers}, most=MOST, otherwise=MOST_ANSWER)
    return {**kept, **answers}


def sheet_of(fields: Mapping[str, str]) -> Sheet:
    """Return what the fields of a draft mean; a number that is none is left out."""
    graded = fields.get("severity", "")
    return Sheet(
        phone=fields.get("phone", "").strip(),
        name=fields.get("name", "").strip(),
        description=fields.get("description", "").strip(),
        category=fields.get("category") or None,
        condition=fields.get("condition") or None,
        address=fields.get("place_text", "").strip(),
        lon=_number(fields.get("lon", ""), 180),
        lat=_number(fields.get("lat", ""), 90),
        accuracy_m=_number(fields.get("accuracy", ""), MOST_ACCURACY_M),
        area=fields.get("area") or None,
        anonymous=fields.get("anonymous") == ON,
        confidential=fields.get("confidential") == ON,
        wants_visit=fields.get("no_visit") != ON,
        severity=int(graded) if graded in ("1", "2", "3", "4") else None,
        answers={name.removeprefix(ANSWER): text for name, text in fields.items() if name.startswith(ANSWER)},
        handed=tuple(dict.fromkeys(fields.get("handed", "").split())),
        joins=fields.get("joins") or None,
    )


def desk_channel(pack: CityPack) -> Channel:
    """Return the channel the desk files by: the hotline, if its degrees are those of our map.

    Where a city's hotline speaks in shifted degrees, another of its channels that does not is
    taken: what our map says needs no shifting.
    """
    plain = [one for one in pack.channels.values() if one.crs in (Crs.WGS84, Crs.CGCS2000)]
    ranked = sorted(
        (one for one in plain if one.kind != "sensor"),
        key=lambda one: (one.kind != "hotline", one.name != "console"),
    )
    return next(iter(ranked), next(iter(pack.channels.values())))


def _number(text: str, most: int) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) <= most else None
