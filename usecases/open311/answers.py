"""What Open311 is answered with, in the order and with the names the standard gives the fields."""

from dataclasses import dataclass
from datetime import datetime

from usecases.problems import BadRequest, Finding, ProblemCode


class UnableToAnswer(Exception):
    """The request is wrong in one or several things; all of them are told at once."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        """Keep the findings, at least one."""
        super().__init__(", ".join(one.code.value for one in findings))
        self.findings = findings


class Faults:
    """What is wrong with a request, collected until everything has been looked at."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._found: list[Finding] = []

    def add(self, code: ProblemCode, **params: str) -> None:
        """Note a fault."""
        self._found.append(Finding(code=code, params=params))

    def keep(self, error: BadRequest) -> None:
        """Note what a use case refused."""
        self._found.append(error.finding)

    def wrong(self, parameter: str, expected: str) -> None:
        """Note a parameter whose value is none, with what it should look like."""
        self.add(ProblemCode.BAD_PARAMETER, parameter=parameter[:60], expected=expected)

    def raise_any(self) -> None:
        """Raise UnableToAnswer when something was noted."""
        if self._found:
            raise UnableToAnswer(tuple(self._found))


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One line of the list of services. ``metadata`` says whether its definition has attributes."""

    service_code: str
    service_name: str
    description: str
    metadata: bool
    type: str = "realtime"
    keywords: str = ""
    group: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """One choice of an attribute."""

    key: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One question of a service."""

    variable: bool = True
    code: str
    datatype: str
    required: bool
    datatype_description: str
    order: int
    description: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """The questions of a service."""

    service_code: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceRequest:
    """A request. All seventeen fields are always there; what is not known is None. Times are UTC."""

    service_request_id: str
    status: str
    status_notes: str
    service_name: str
    service_code: str
    description: str | None
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: datetime
    updated_datetime: datetime
    expected_datetime: datetime | None
    address: str | None
    address_id: str | None = None
    zipcode: str | None = None
    lat: float | None
    long: float | None
    media_url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of requests. ``total`` is exact unless ``more_than``: then there are at least that many."""

    requests: tuple[ServiceRequest, ...]
    page: int
    page_size: int
    total: int
    more_than: bool = False

    @property
    def last_page(self) -> int:
        """Return the number of the last page that holds something, at least 1."""
        return max(1, -(-self.total // self.page_size))


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The answer to a request that was filed. ``repeated`` says that it had been before."""

    service_request_id: str
    service_notice: str | None
    account_id: str | None = None
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestUpdate:
    """A change of a request's state as mySociety's extension tells it."""

    update_id: str
    service_request_id: str
    status: str
    description: str
    updated_datetime: datetime
    media_url: str | None = None
