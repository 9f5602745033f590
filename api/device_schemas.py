"""Bodies of the device endpoints, and what they answer with as the OpenAPI document says it."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from api.instruction_schemas import Code, Words
from domain.device import AlarmLimit, ServiceState, Trip
from domain.place import Crs, ReportedPlace
from usecases.devices import DeviceFilter, NewDevice

DEVICE_EXAMPLE: dict[str, Any] = {
    "profile": "road-water",
    "name_zh": "雄楚大道下穿通道积水计",
    "asset": "underpass-xiongchu",
    "unit": "420111-DRAINAGE",
    "gateway": "gw-420111-1",
    "lon": 114.3712,
    "lat": 30.5021,
    "crs": "CGCS2000",
    "limits": [
        {"severity": 1, "trip": "above", "value": 25, "reset": 20, "hold_s": 60, "condition": "depth_27"}
    ],
}
WINDOW_EXAMPLE: dict[str, Any] = {
    "begins_at": "2026-07-08T22:00:00+08:00",
    "ends_at": "2026-07-09T05:00:00+08:00",
    "reason": "年度标定",
}
MOST_LIMITS = 8
MOST_READINGS = 20
DAY_S = 24 * 3600
Text = Annotated[str, Field(max_length=100)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    """Unknown fields are refused: a mistake must not lose a value silently."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SiteLimitIn(_Strict):
    """A limit of the site's own, in the profile's unit; ``rise`` and ``fall`` are changes per minute."""

    severity: Annotated[int, Field(ge=1, le=4, description="1 is the worst")]
    trip: Annotated[Trip, Field(strict=False)]
    value: Finite
    reset: Annotated[Finite, Field(description="where it clears, on the safe side of value")]
    hold_s: Annotated[float, Field(ge=0, le=DAY_S)] = 0
    samples: Annotated[int, Field(ge=1, le=MOST_READINGS)] = 1
    of: Annotated[int, Field(ge=1, le=MOST_READINGS)] = 1
    condition: Code | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.samples > self.of:
            raise ValueError("samples must not be above of")
        return self

    def meant(self) -> AlarmLimit:
        """Return the domain's limit."""
        return AlarmLimit(
            severity=self.severity,
            trip=self.trip,
            value=self.value,
            reset=self.reset,
            hold=timedelta(seconds=self.hold_s),
            samples=self.samples,
            of=self.of,
            condition=self.condition,
        )


class DeviceIn(_Strict):
    """A device as it is to be registered; everything but its service state is replaced."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [DEVICE_EXAMPLE]})

    profile: Annotated[Code, Field(description="a type of the pack's devices.toml")]
    name_zh: Text = ""
    name_en: Text = ""
    asset: Annotated[
        Text, Field(description="what it watches: devices of one asset and hazard share an alarm")
    ] = ""
    unit: Annotated[Text, Field(description="code of the unit that owns it")] = ""
    gateway: Annotated[Text, Field(description="code of the device it speaks through")] = ""
    lon: Finite
    lat: Finite
    crs: Annotated[
        Crs, Field(strict=False, description="must be named: a wrong datum shifts by half a kilometre")
    ]
    limits: Annotated[
        list[SiteLimitIn] | None,
        Field(max_length=MOST_LIMITS, description="instead of the profile's; [] for those"),
    ] = None
    heartbeat_s: Annotated[
        float | None, Field(ge=0, le=31 * DAY_S, description="instead of the profile's; 0: it need not speak")
    ] = None
    model: Text = ""

    def ask(self, *, source: str, code: str) -> NewDevice:
        """Return the use case's form."""
        return NewDevice(
            source=source,
            code=code,
            profile=self.profile,
            name_zh=self.name_zh,
            name_en=self.name_en,
            asset=self.asset,
            unit=self.unit,
            gateway=self.gateway,
            place=ReportedPlace(lon=self.lon, lat=self.lat, crs=self.crs),
            limits=None if self.limits is None else tuple(one.meant() for one in self.limits),
            heartbeat=None if self.heartbeat_s is None else timedelta(seconds=self.heartbeat_s),
            model=self.model,
        )


class ServiceIn(_Strict):
    """Whether it counts; out of service and retired need a reason."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"service": "out_of_service", "reason": "探头损坏，待更换"}]},
    )

    service: Annotated[ServiceState, Field(strict=False)]
    reason: Annotated[str, Field(max_length=500)] = ""


class WindowIn(_Strict):
    """When it is worked on, and why; what it says meanwhile is kept and muted."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [WINDOW_EXAMPLE]})

    begins_at: Annotated[AwareDatetime, Field(strict=False)]
    ends_at: Annotated[AwareDatetime, Field(strict=False)]
    gateway: Annotated[bool, Field(description="all that speak through it are meant as well")] = False
    reason: Annotated[Words, Field(max_length=500)]


class DeviceQuery(BaseModel):
    """Filters of the list; all given ones must hold."""

    model_config = ConfigDict(extra="forbid")

    source: Code | None = None
    unit: Code | None = None
    district: Code | None = None
    street: Code | None = None
    service: ServiceState | None = None
    profile: Code | None = None
    gateway: Code | None = None
    silent: bool | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=400)] = None

    def where(self) -> DeviceFilter:
        """Return the use case's filter."""
        return DeviceFilter(
            source=self.source,
            unit=self.unit,
            district=self.district,
            street=self.street,
            service=None if self.service is None else self.service.value,
            profile=self.profile,
            gateway=self.gateway,
            silent=self.silent,
        )


class DeviceOut(BaseModel):
    """A device. ``limits`` are those in force; ``watch`` is what is remembered between readings."""

    model_config = ConfigDict(extra="allow")

    source: str
    code: str
    profile: str
    category: Annotated[
        str, Field(description="of its alarms; empty where the pack has no such profile any more")
    ]
    hazard: str
    lon: float
    lat: float
    areas: Annotated[dict[str, str], Field(description="code of its district, street … by level")]
    service: ServiceState
    limits: list[dict[str, Any]]
    own_limits: bool
    watch: dict[str, Any]
    silent_at: Annotated[datetime | None, Field(description="when it will have been silent for too long")]
    changed_at: datetime


class DevicePageOut(BaseModel):
    """A page of devices by source and code."""

    devices: list[DeviceOut]
    next_cursor: str | None


class WindowOut(BaseModel):
    """A maintenance window."""

    id: int
    source: str
    code: str
    gateway: bool
    begins_at: datetime
    ends_at: datetime
    reason: str
    by: str


class DeviceDetailOut(DeviceOut):
    """A device with its maintenance windows and its gateway's, the latest to end first."""

    windows: list[WindowOut]
