"""How things look in a text: times, durations, states, units, areas. One place for all pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from domain.account import POSTS, Post
from domain.actor import ROLE_ZH, Role
from domain.case import STATUS_ZH, Status
from domain.place import Level
from usecases.city import City
from web.words import N_, words

SEVERITIES: Mapping[int, str] = {1: N_("Extreme"), 2: N_("Urgent"), 3: N_("Normal"), 4: N_("Minor")}
LEVELS: Mapping[int, str] = {
    1: N_("City"), 2: N_("District"), 3: N_("Street"), 4: N_("Community"), 5: N_("Grid"),
}  # fmt: skip
CHANNELS: Mapping[str, str] = {
    "hotline": N_("Hotline"),
    "web": N_("Website"),
    "app": N_("App"),
    "patrol": N_("Patrol"),
    "sensor": N_("Sensor"),
    "open311": N_("Open311"),
    "console": N_("Console"),
}
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Says things in one language for one city. Codes it does not know are shown as they are."""

    city: City
    language: str

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the city's time zone."""
        return ZoneInfo(self.city.pack.city.timezone)

    @property
    def chinese(self) -> bool:
        """Tell whether this is for a reader of Chinese."""
        return self.language == "zh"

    def when(self, at: datetime | None) -> str:
        """Return ``2026-11-22 10:42`` in the city's time; an empty text for None."""
        return "" if at is None else at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def clock(self, at: datetime | None) -> str:
        """Return ``10:42:07`` in the city's time."""
        return "" if at is None else at.astimezone(self.zone).strftime("%H:%M:%S")

    def span(self, seconds: float) -> str:
        """Return a length of time in the two largest units: 3 小时 20 分, 2 d 4 h."""
        total = int(abs(seconds))
        parts = (
            (total // DAY, "天" if self.chinese else "d"),
            (total % DAY // HOUR, "小时" if self.chinese else "h"),
            (total % HOUR // MINUTE, "分" if self.chinese else "min"),
        )
        shown = [f"{count} {unit}" for count, unit in parts if count]
        return " ".join(shown[:2]) or ("不到 1 分" if self.chinese else "under 1 min")

    def remaining(self, due: datetime | None, *, now: datetime) -> str:
        """Return how long is left, or by how much it is late."""
        if due is None:
            return ""
        seconds = (due - now).total_seconds()
        if seconds < 0:
            return self.text(N_("%(span)s late"), span=self.span(seconds))
        return self.text(N_("%(span)s left"), span=self.span(seconds))

    def status(self, status: str) -> str:
        """Return a state's name."""
        return STATUS_ZH[Status(status)] if self.chinese else status.replace("_", " ")

    def severity(self, severity: int | None) -> str:
        """Return a grade's name (1 特急 … 4 一般)."""
        return "" if severity is None else self.text(SEVERITIES.get(severity, str(severity)))

    def level(self, level: int | Level | None) -> str:
        """Return the name of one of the five levels."""
        return "" if level is None else self.text(LEVELS[int(level)])

    def post(self, post: str) -> str:
        """Return a post's name."""
        facts = POSTS[Post(post)]
        return facts.zh if self.chinese else facts.en

    def role(self, role: str) -> str:
        """Return the name of a role in a case."""
        return ROLE_ZH[Role(role)] if self.chinese else role

    def unit(self, code: str | None) -> str:
        """Return a unit's name."""
        found = self.city.pack.tree.find(code) if code else None
        if found is None:
            return code or ""
        return found.name_zh if self.chinese else found.name_en or found.name_zh

    def area(self, code: str | None) -> str:
        """Return the name of an area or an overlay."""
        areas = self.city.pack.areas
        found = (areas.get(code) or areas.zone(code)) if code else None
        if found is None:
            return code or ""
        return found.name if self.chinese else found.name_en or found.name

    def category(self, code: str | None) -> str:
        """Return a category's name."""
        found = self.city.pack.catalogue.get(code) if code else None
        if found is None:
            return code or ""
        return found.name_zh if self.chinese else found.name_en or found.name_zh

    def channel(self, name: str) -> str:
        """Return what kind of way a report came in: hotline, app or patrol."""
        found = self.city.pack.channels.get(name)
        return self.text(CHANNELS[found.kind]) if found is not None and found.kind in CHANNELS else name

    def text(self, message: str, **values: object) -> str:
        """Return a message of the catalogue with its values filled in."""
        found = words(self.language).gettext(message)
        return found % values if values else found
