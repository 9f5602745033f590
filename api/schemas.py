"""Bodies of the JSON API. They become domain messages at the edge and go no further."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from domain.place import ReportedPlace
from domain.report import Reporter
from usecases.command import kinds
from usecases.file_report import FileReport
from usecases.problems import Finding

ISO = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")
FIRST_YEAR, LAST_YEAR = 1900, 9998
REPORT_EXAMPLE: dict[str, Any] = {
    "channel": "console",
    "category": "E0110",
    "description": "小区门口垃圾堆放无人清理 / rubbish piled up at the gate",
    "place": {"lon": 114.2862, "lat": 30.5965, "address": "江岸区大智街道"},
    "reporter": {"phone": "+8613800000000", "wants_visit": True},
    "source": "12345",
    "source_no": "T20261122000017",
}
PREVIEW_EXAMPLE: dict[str, Any] = {
    "channel": "console",
    "category": "E0110",
    "place": {"lon": 114.2862, "lat": 30.5965},
}
COMMAND_EXAMPLES: list[Any] = [
    {"kind": "sign_in", "assignee": "crew-7"},
    {"kind": "request_return", "reason": "不在本辖区", "proposed_unit": "420106-SANITATION"},
    {"kind": "submit_result", "result": "已清理", "solved": True, "contacted": True},
    {"kind": "record_check", "passed": True, "photos": ["photo://1"], "lon": 114.2862, "lat": 30.5965},
    {"kind": "record_visit", "report_no": "20261122-ABCD-EFGH", "reached": True, "solved": True, "grade": 5},
]


def _written(value: Any) -> Any:
    """Refuse a number: read as seconds since 1970 it would be a time nobody meant."""
    if isinstance(value, str) and not ISO.match(value):
        raise ValueError("a date and time with its zone, such as 2026-11-18T10:00:00+08:00")
    if isinstance(value, int | float):
        raise ValueError("a text, such as 2026-11-18T10:00:00+08:00")  # noqa: TRY004 - pydantic asks for it
    return value


def _countable(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_countable), Field(strict=False)]
"""A time with its zone, in a year that every zone and calendar can count with."""
Tags = Annotated[tuple[str, ...], Field(max_length=20, strict=False)]
Degrees = Annotated[float | None, Field(description="degrees, in the channel's CRS", allow_inf_nan=False)]


class _Strict(BaseModel):
    """Unknown fields are refused, and so is "yes" for true: a mistake must not lose a value silently."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PlaceIn(_Strict):
    """A place as reported. The channel declares the coordinate system of ``lon`` and ``lat``."""

    lon: Degrees = None
    lat: Degrees = None
    accuracy_m: Annotated[
        float | None, Field(ge=0, allow_inf_nan=False, description="the device's own radius in metres")
    ] = None
    radius_m: Annotated[
        float | None,
        Field(
            ge=0, le=20_000, allow_inf_nan=False, description="how far the event itself reaches, in metres"
        ),
    ] = None
    address: str | None = None
    area_code: Annotated[str | None, Field(description="an area chosen by hand, any level")] = None

    def reported(self) -> ReportedPlace:
        """Return the domain's form; the CRS is set from the channel later."""
        return ReportedPlace(
            lon=self.lon,
            lat=self.lat,
            accuracy_m=self.accuracy_m,
            address=self.address,
            area_code=self.area_code,
            radius_m=self.radius_m,
        )


class ReporterIn(_Strict):
    """Who reports. Everything is optional: anonymous reports are taken as well."""

    name: str = ""
    phone: str = ""
    email: str = ""
    anonymous: bool = False
    wants_visit: bool = True


class ReportIn(_Strict):
    """A report to file."""

    model_config = ConfigDict(json_schema_extra={"examples": [REPORT_EXAMPLE]})

    channel: str
    description: str
    category: str | None = None
    condition: str | None = None
    place: PlaceIn = PlaceIn()
    reporter: ReporterIn = ReporterIn()
    severity: Annotated[int | None, Field(ge=1, le=4, description="1 is worst")] = None
    tags: Tags = ()
    exercise: bool = False
    source: str = ""
    source_no: str | None = None
    occurred_at: Instant | None = None

    def ask(self, *, idempotency_key: str | None) -> FileReport:
        """Return the use case's argument."""
        return FileReport(
            channel=self.channel,
            description=self.description,
            category=self.category,
            condition=self.condition,
            place=self.place.reported(),
            reporter=Reporter(**self.reporter.model_dump()),
            severity=self.severity,
            tags=self.tags,
            exercise=self.exercise,
            source=self.source,
            source_no=self.source_no,
            occurred_at=self.occurred_at,
            idempotency_key=idempotency_key,
        )


class WarningOut(BaseModel):
    """Something the sender should know about an accepted report."""

    code: str
    detail: str
    detail_en: str

    @classmethod
    def of(cls, finding: Finding) -> "WarningOut":
        """Return the outward form of a finding."""
        return cls(code=finding.code.value, detail=finding.text(lang="zh"), detail_en=finding.text(lang="en"))


class ReceiptOut(BaseModel):
    """The receipt of a report: durable when you read this."""

    report_no: str
    case_no: str
    received_at: datetime
    repeated: bool
    warnings: list[WarningOut] = []


class PreviewIn(_Strict):
    """What an operator has so far; the answer shows place, owner and deadline before filing."""

    model_config = ConfigDict(json_schema_extra={"examples": [PREVIEW_EXAMPLE]})

    channel: str
    category: str | None = None
    condition: str | None = None
    place: PlaceIn = PlaceIn()
    severity: Annotated[int | None, Field(ge=1, le=4)] = None
    tags: Tags = ()
    at: Instant | None = None


class CommandIn(BaseModel):
    """A command on a case: its ``kind`` and the fields of that kind.

    The ``Idempotency-Key`` header makes it repeatable; a key is drawn for you where it is missing.
    """

    model_config = ConfigDict(extra="allow", strict=True, json_schema_extra={"examples": COMMAND_EXAMPLES})

    kind: Annotated[str, Field(json_schema_extra={"enum": list(kinds())})]
