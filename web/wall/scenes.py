"""What a wall shows in turn: the whole, what is urgent, the districts, and each hazard the city watches for."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from domain.board import Dimension, Span
from usecases.board import Asked
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode
from web.words import N_

URGENT = (1, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One scene: its address, its name in words or in the pack's names, its cases, what map and ranking show."""

    id: str
    name: str
    asked: Asked
    by: Dimension = Dimension.DISTRICT
    shows: str = "overdue"
    sort: str = "overdue"


WHOLE = Scene(id="overview", name=N_("The city at a glance"), asked=Asked(span=Span.DAY))
OWN = (
    WHOLE,
    Scene(
        id="urgent", name=N_("Urgent events"), asked=Asked(span=Span.DAY, severities=URGENT), shows="urgent",
        sort="urgent",
    ),
    Scene(id="districts", name=N_("Districts compared"), asked=Asked(span=Span.WEEK), shows="on_time", sort="on_time"),
)  # fmt: skip


def scene_of(*, city: City, name: str, language: str) -> Scene:
    """Return a scene by its address. Raises BadRequest (invalid_parameter)."""
    for scene in OWN:
        if scene.id == name:
            return scene
    hazard = city.pack.alarms.hazards.get(name)
    if hazard is None or not hazard.citizen_categories:
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    codes = tuple(
        code
        for code in city.pack.catalogue
        if any(fnmatchcase(code, pattern) for pattern in hazard.citizen_categories)
    )
    shown = hazard.name_zh if language == "zh" else hazard.name_en
    return Scene(
        id=name, name=shown, asked=Asked(span=Span.DAY, categories=codes), shows="in_hand", sort="in_hand"
    )
