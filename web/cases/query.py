"""Filters of the list as they stand in the address: shareable, and Back goes to the list that was."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import QueryParams

from domain.case import Status
from domain.case_tabs import Tab, states_of
from domain.views import CaseFilter, CaseSort
from usecases.city import City
from usecases.permits import units_below
from web.cases.words import DUES, SORTS
from web.shown import Shown
from web.words import N_

Code = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Day = Annotated[date, Field(gt=date(MINYEAR, 12, 31), lt=date(MAXYEAR, 1, 1))]
Due = Literal["", "overdue", "2h", "24h"]
View = Literal["list", "map", "board"]
DUE_WITHIN = {"2h": timedelta(hours=2), "24h": timedelta(hours=24)}


LABELS = {
    "q": N_("Search"),
    "status": N_("State"),
    "category": N_("Category"),
    "severity": N_("Severity"),
    "owner": N_("Owner"),
    "part": N_("Has a part"),
    "supervisor": N_("Supervised by"),
    "district": N_("District"),
    "street": N_("Street"),
    "community": N_("Community"),
    "level": N_("Level"),
    "channel": N_("Channel"),
    "due": N_("Due"),
    "since": N_("Received from"),
    "until": N_("Received until"),
    "tag": N_("Tag"),
    "ordered": N_("Supervision order"),
}
"""What the filters are called, in the order their tags stand."""
_WITH: dict[str, dict[str, Any]] = {"owner": {"below": False}}
"""What goes when a filter goes."""


class ListQuery(BaseModel):
    """What the address says. Unknown parameters are let be: other pages may add their own."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    tab: Tab = Tab.OPEN
    q: Annotated[str, Field(max_length=100)] = ""
    status: Annotated[tuple[Status, ...], Field(max_length=23)] = ()
    category: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    severity: Annotated[tuple[Annotated[int, Field(ge=1, le=4)], ...], Field(max_length=4)] = ()
    owner: Code = ""
    below: bool = False
    part: Code = ""
    supervisor: Code = ""
    district: Code = ""
    street: Code = ""
    community: Code = ""
    level: Annotated[int | None, Field(ge=1, le=5)] = None
    channel: Code = ""
    due: Due = ""
    since: Day | None = None
    until: Day | None = None
    tag: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    ordered: bool = False
    sort: CaseSort = CaseSort.NEWEST
    view: View = "list"
    cursor: Annotated[str | None, Field(max_length=400)] = None

    @classmethod
    def read(cls, params: QueryParams) -> Self:
        """Read the address; a field left empty is one that is not there. Raises pydantic's ValidationError."""
        many = {name for name, field in cls.model_fields.items() if "tuple" in str(field.annotation)}
        given: dict[str, object] = {}
        for name in cls.model_fields:
            values = tuple(value.strip() for value in params.getlist(name) if value.strip())
            if values:
                given[name] = values if name in many else values[-1]
        return cls.model_validate(given)

    def where(self, *, city: City) -> CaseFilter:
        """Return the filter of the list; times are the city's."""
        now = city.now()
        within = DUE_WITHIN.get(self.due)
        owners = units_below(city=city, unit=self.owner) if self.owner and self.below else ()
        return CaseFilter(
            status=tuple(one.value for one in self.status) or states_of(self.tab),
            owner=self.owner if self.owner and not owners else None,
            owners=owners,
            part=self.part or None,
            supervisor=self.supervisor or None,
            categories=self.category,
            severities=self.severity,
            district=self.district or None,
            street=self.street or None,
            community=self.community or None,
            level=self.level,
            channel=self.channel or None,
            overdue_at=now if self.due == "overdue" else None,
            due_before=now + within if within is not None else None,
            received_from=_midnight(city, self.since),
            received_to=_midnight(city, None if self.until is None else self.until + timedelta(days=1)),
            tags=self.tag,
            under_order=True if self.ordered else None,
            text=self.q or None,
            sort=self.sort,
        )

    def query(self, **changes: object) -> str:
        """Return the address's query with some parameters changed; what is as usual is left out."""
        kept = self.model_copy(update={"cursor": None, **changes})
        pairs: list[tuple[str, str]] = []
        for name, field in type(self).model_fields.items():
            value = getattr(kept, name)
            if value in (field.default, None, ""):
                continue
            pairs += [(name, _text(one)) for one in (value if isinstance(value, tuple) else (value,))]
        return urlencode(pairs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Removable:
    """One filter that is on: what it says, and the list's query without it."""

    label: str
    value: str
    without: str


def removable(query: ListQuery, *, shown: Shown) -> list[Removable]:
    """Return the filters that are on, for the reader to take off one by one."""
    found: list[Removable] = []
    for name, label in LABELS.items():
        value = getattr(query, name)
        if value in (None, "", (), False):
            continue
        for one in value if isinstance(value, tuple) else (value,):
            rest = tuple(kept for kept in value if kept != one) if isinstance(value, tuple) else None
            usual = type(query).model_fields[name].default
            without = query.query(**{name: usual if rest is None else rest, **_WITH.get(name, {})})
            found.append(
                Removable(label=shown.text(label), value=_shown(name, one, query, shown), without=without)
            )
    return found


def _shown(name: str, value: Any, query: ListQuery, shown: Shown) -> str:
    """Return how one filter's value is said."""
    words: dict[str, Callable[[], str]] = {
        "status": lambda: shown.status(value.value),
        "category": lambda: shown.category(value),
        "severity": lambda: f"{value} {shown.severity(value)}",
        "owner": lambda: _owner(value, query, shown),
        "level": lambda: shown.level(value),
        "channel": lambda: shown.channel(value),
        "due": lambda: shown.text(DUES[value]),
        "ordered": lambda: shown.text(N_("not closed yet")),
    }
    if name in ("part", "supervisor"):
        return shown.unit(value)
    if name in ("district", "street", "community"):
        return shown.area(value)
    return words[name]() if name in words else str(value)


def _owner(code: str, query: ListQuery, shown: Shown) -> str:
    return f"{shown.unit(code)} {shown.text(N_('and units below'))}" if query.below else shown.unit(code)


def sorts(shown: Shown) -> list[tuple[str, str]]:
    """Return the orders of a list to choose from."""
    return [(sort.value, shown.text(SORTS[sort])) for sort in CaseSort]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return str(getattr(value, "value", value))


def _midnight(city: City, day: date | None) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day, time(), tzinfo=ZoneInfo(city.pack.city.timezone))
