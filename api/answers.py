"""What the API answers with, as the OpenAPI document says it; the answers themselves are plain data."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.problems import MEDIA_TYPE
from domain.case import Status

PROBLEM_EXAMPLE: dict[str, Any] = {
    "type": "/problems/unknown_channel",
    "title": "unknown channel",
    "status": 422,
    "code": "unknown_channel",
    "detail": "没有名为“fax”的渠道；可用：console, hotline",
    "detail_en": "no channel fax; known: console, hotline",
    "instance": "/api/v1/reports",
}


class FieldError(BaseModel):
    """One thing that is wrong with a body: where (a JSON pointer), a code, and words."""

    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """An RFC 9457 problem. ``code`` is stable; docs/problems.md lists all of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROBLEM_EXAMPLE]})

    type: str
    title: str
    status: int
    code: str
    detail: Annotated[str, Field(description="what to do, in the language of Accept-Language (zh, en)")]
    detail_en: str
    instance: str
    errors: list[FieldError] = []


class CaseOut(BaseModel):
    """A case as lists and pages show it, among other fields. Times are UTC."""

    model_config = ConfigDict(extra="allow")

    case_no: str
    status: Status
    status_zh: str
    category: str
    category_name: str
    severity: Annotated[int, Field(ge=1, le=4)]
    channel: str
    exercise: bool
    owner: Annotated[str, Field(description="the one accountable unit; empty until the engine has decided")]
    level: Annotated[str, Field(description="city, district, street, community or grid")]
    place: dict[str, Any]
    decision: dict[str, Any] | None
    reports: list[str]
    received_at: datetime
    handling_due: datetime | None
    total_due: datetime | None


class ActionOut(BaseModel):
    """A command the case takes now, and the roles that may send it."""

    kind: str
    roles: list[str]


class CaseWithActionsOut(CaseOut):
    """A case and what may be done with it."""

    actions: list[ActionOut]


class CasePageOut(BaseModel):
    """A page of cases; ``next_cursor`` is null on the last one."""

    cases: list[CaseOut]
    next_cursor: str | None


class FactOut(BaseModel):
    """One thing that happened. ``row`` is the transition table's (docs/transitions.md)."""

    seq: int
    at: datetime
    kind: str
    row: int
    source: Status | None
    target: Status | None
    actor: dict[str, Any]
    due: datetime | None
    data: dict[str, Any]


class HistoryOut(BaseModel):
    """A case with its facts in order."""

    case: CaseOut
    facts: list[FactOut]


class ActedOut(BaseModel):
    """The answer to a command. ``pending`` (202): durable, will be carried out soon.

    The same command sent again with this ``idempotency_key`` gets the same answer, or the
    final one.
    """

    pending: bool
    idempotency_key: str
    case: CaseOut


class ChildrenOut(BaseModel):
    """The children of a joint case, in the order they came."""

    case_no: str
    children: list[dict[str, Any]]


class ReportStatusOut(BaseModel):
    """Where a report stands; after a merge, where its master case stands."""

    report_no: str
    case_no: str
    status: Status
    status_zh: str
    category: str
    received_at: datetime
    expected_at: datetime | None
    closed_at: datetime | None
    merged_into: str | None


class PreviewOut(BaseModel):
    """What would happen to such a report, with the reasons."""

    place: dict[str, Any]
    decision: dict[str, Any]
    lead_name: str
    lead_name_en: str
    handling_due: datetime | None
    sign_in_due: datetime | None
    unknown_year: bool
    ladder: list[str]
    warnings: list[str]


class MessagesOut(BaseModel):
    """A page of a unit's inbox, newest first."""

    messages: list[dict[str, Any]]
    next_cursor: str | None


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of refusals: each is a problem."""
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {MEDIA_TYPE: {"schema": schema, "example": PROBLEM_EXAMPLE}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def answers(
    good: Any, *statuses: int, example: Any = None, description: str = "OK"
) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an endpoint: its 200 and its refusals."""
    content = {} if example is None else {"content": {"application/json": {"example": example}}}
    return {200: {"model": good, "description": description, **content}, **refusals(*statuses)}
