"""Bodies of the alarm endpoints, and what they answer with as the OpenAPI document says it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field

from api.instruction_schemas import Code
from domain.alarm import AlarmOrigin, AlarmPhase
from domain.alarm_life import Verdict
from usecases.alarm_desk import Assess, Confirm, Deed, Regrade

Severity = Annotated[int, Field(ge=1, le=4, description="1 is worst")]
Text = Annotated[str, Field(max_length=2_000)]
ASSESS_EXAMPLE: dict[str, Any] = {
    "kind": "assess",
    "verdict": "false",
    "reason": "methane",
    "text": "下水道沼气，现场复测燃气浓度为零",
}
CONFIRM_EXAMPLE: dict[str, Any] = {"kind": "confirm", "text": "阀门已关闭，现场已围护"}
REGRADE_EXAMPLE: dict[str, Any] = {"kind": "regrade", "severity": 2, "reason": "泄漏点在室外"}


class _Strict(BaseModel):
    """Unknown fields are refused: a mistake must not lose a value silently."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AssessIn(_Strict):
    """A verdict (研判). A false alarm gives one of the city's reason codes, and in ``text`` what was found."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [ASSESS_EXAMPLE]})

    kind: Literal["assess"]
    verdict: Annotated[Verdict, Field(strict=False)]
    severity: Annotated[
        Severity | None, Field(description="with true: another one; milder needs a reason")
    ] = None
    reason: Annotated[str, Field(max_length=100)] = ""
    text: Text = ""
    into: Annotated[Code | None, Field(description="with merged: the alarm it becomes part of")] = None

    def deed(self) -> Deed:
        """Return the use case's argument."""
        return Assess(
            verdict=self.verdict, severity=self.severity, reason=self.reason, text=self.text, into=self.into
        )


class ConfirmIn(_Strict):
    """Somebody on site says that it is safe (现场确认)."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [CONFIRM_EXAMPLE]},
    )

    kind: Literal["confirm"]
    text: Text = ""

    def deed(self) -> Deed:
        """Return the use case's argument."""
        return Confirm(text=self.text)


class RegradeIn(_Strict):
    """Another severity, with the reason (调整等级). Only a person makes a severity 1 milder."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [REGRADE_EXAMPLE]},
    )

    kind: Literal["regrade"]
    severity: Severity
    reason: Annotated[str, Field(max_length=100)]

    def deed(self) -> Deed:
        """Return the use case's argument."""
        return Regrade(severity=self.severity, reason=self.reason)


DeedIn = Annotated[
    AssessIn | ConfirmIn | RegradeIn,
    Field(discriminator="kind"),
    Body(examples=[ASSESS_EXAMPLE, CONFIRM_EXAMPLE, REGRADE_EXAMPLE]),
]


class AlarmActOut(BaseModel):
    """Something that may be done with the alarm now, and the roles that may."""

    kind: str
    roles: list[str]


class AlarmOut(BaseModel):
    """An alarm. ``severity`` is what it counts as, ``current`` what its readings say now (null: in band, or none).

    ``next_due`` is when it moves by itself; null: only somebody's word moves it.
    """

    model_config = ConfigDict(extra="allow")

    alarm_no: str
    phase: AlarmPhase
    phase_zh: str
    origin: AlarmOrigin
    source: str
    device: str
    asset: str
    hazard: str
    hazard_zh: str
    hazard_en: str
    category: str
    category_name: str
    severity: Severity
    current: int | None
    confidence: Annotated[float, Field(ge=0, le=1)]
    exercise: bool
    count: int
    raised_at: datetime
    last_at: datetime
    case_no: str | None
    parent: str | None
    children: int
    assess_due: datetime | None
    next_due: datetime | None
    acts: list[AlarmActOut]


class AlarmPageOut(BaseModel):
    """A page of alarms, the latest raised first; ``next_cursor`` is null on the last one."""

    alarms: list[AlarmOut]
    next_cursor: str | None


class AlarmFactOut(BaseModel):
    """One thing that happened to an alarm."""

    seq: int
    at: datetime
    kind: str
    source: AlarmPhase | None
    target: AlarmPhase | None
    by: str
    data: dict[str, Any]


class AlarmHistoryOut(BaseModel):
    """An alarm with its facts in order and, of a storm, the latest 200 alarms in it."""

    alarm: AlarmOut
    facts: list[AlarmFactOut]
    children: list[AlarmOut]


class FalseAlarmsOut(BaseModel):
    """What became of alarms; exercises are left out. ``recent`` are the false ones of the city's period."""

    alarms: int
    false: int
    faults: int
    recent: int
    rate: Annotated[float, Field(ge=0, le=1)]
    reasons: dict[str, int]


class DeviceAlarmsOut(BaseModel):
    """False alarms of a device and of all devices of its model (null where it has none)."""

    source: str
    device: str
    model: str
    of_device: FalseAlarmsOut
    of_model: FalseAlarmsOut | None
