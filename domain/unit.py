"""Who acts: the units of a city's organisation tree, with their duty and the ways to reach them."""

from dataclasses import dataclass
from enum import StrEnum

from domain.place import Level


class DutyHours(StrEnum):
    """When somebody answers at this unit; ``rota`` means: as its rota says (``domain.rota``)."""

    ALWAYS = "always"
    WORK = "work"
    NONE = "none"
    ROTA = "rota"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """One way to reach a unit. ``channel`` is in_app, email, webhook or open311; ``address`` is its target."""

    channel: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A node of the organisation tree.

    ``kind`` is a department type of the catalogue ("SANITATION") or a command role:
    "COMMAND" (运管服/城运中心 of a city, district or street), "COMMUNITY", "GRID".
    ``area_code`` is the area (or, when ``zone`` is true, the overlay) it is responsible
    for. ``duty_list`` limits what a community may be given (empty = nothing) and is
    ignored for every other kind: 社区 gets nothing outside its duty list.
    """

    code: str
    name_zh: str
    name_en: str
    kind: str
    level: Level
    area_code: str
    zone: bool = False
    parent: str | None = None
    duty: DutyHours = DutyHours.WORK
    duty_list: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
