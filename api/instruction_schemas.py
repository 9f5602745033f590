"""Bodies of the instruction endpoints, and what they answer with as the OpenAPI document says it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.instruction import InstructionState, ReceiverState
from domain.limit import Limit, UnableToReadLimit
from domain.place import Level
from domain.reach import Selector
from usecases.addressees import Addressees
from usecases.instruct import Issue

ISSUE_EXAMPLE: dict[str, Any] = {
    "title": "汛期井盖排查",
    "text": "请于时限内排查辖区内所有井盖，并回复缺失数量。",
    "to": {
        "units": ["420106-SANITATION"],
        "selectors": [{"level": "community", "kind": "COMMUNITY", "area": "420106"}],
    },
    "limit": "4WH",
    "reply_required": True,
}


class LevelName(StrEnum):
    """Levels by name."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"

    @property
    def level(self) -> Level:
        """Return the domain's level."""
        return Level[self.name]


def _limit(text: str) -> str:
    try:
        Limit.parse(text)
    except UnableToReadLimit as error:
        raise ValueError("an amount and MIN, UH, UD, WH, WD or ND, such as 4WH") from error
    return text


Code = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Words = Annotated[str, Field(pattern=r"\S")]
LimitText = Annotated[str, Field(max_length=20), AfterValidator(_limit)]


class _Strict(BaseModel):
    """Unknown fields are refused: a mistake must not lose a value silently."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SelectorIn(_Strict):
    """Every unit of a level, of one kind or of all, in an area or everywhere in the commander's reach."""

    level: Annotated[LevelName, Field(strict=False)]
    kind: Code | None = None
    area: Annotated[Code | None, Field(description="code of an area or functional zone")] = None


class AddresseesIn(_Strict):
    """Who is told: units by code, and selectors."""

    units: Annotated[tuple[Code, ...], Field(max_length=5_000, strict=False)] = ()
    selectors: Annotated[tuple[SelectorIn, ...], Field(max_length=50, strict=False)] = ()

    def meant(self) -> Addressees:
        """Return the use case's form."""
        return Addressees(
            units=self.units,
            selectors=tuple(
                Selector(level=one.level.level, kind=one.kind, area=one.area) for one in self.selectors
            ),
        )


class InstructionIn(_Strict):
    """An instruction to issue. The title goes out in messages: put no personal data into it."""

    model_config = ConfigDict(json_schema_extra={"examples": [ISSUE_EXAMPLE]})

    title: Words
    text: Words
    to: AddresseesIn
    limit: Annotated[LimitText, Field(description="such as 30MIN, 2UH, 4WH or 1WD")]
    reply_required: bool = False
    urgency: Annotated[int, Field(ge=1, le=4, description="1 is most urgent")] = 3
    exercise: bool = False
    case_no: Code | None = None
    corrects: Annotated[Code | None, Field(description="number of the instruction this one replaces")] = None

    def ask(self) -> Issue:
        """Return the use case's argument."""
        return Issue(
            title=self.title,
            text=self.text,
            to=self.to.meant(),
            time_limit=Limit.parse(self.limit),
            reply_required=self.reply_required,
            urgency=self.urgency,
            exercise=self.exercise,
            case_no=self.case_no,
            corrects=self.corrects,
        )


class ReplyIn(_Strict):
    """What the unit answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reply": "已排查，缺失 2 个，已补装"}]})

    reply: Words


class PassOnIn(_Strict):
    """Units below the receiver's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"to": {"selectors": [{"level": "grid", "kind": "GRID", "area": "420102003001"}]}}]
        }
    )

    to: AddresseesIn


class ReasonIn(_Strict):
    """Why an instruction ends before everybody has done its part."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "天气好转，不再需要"}]})

    reason: str


class CountsOut(BaseModel):
    """Receivers by state: told + read + replied = total. ``missing`` still owe a receipt or reply."""

    total: int
    told: int
    read: int
    replied: int
    missing: int


class ReceiverOut(BaseModel):
    """A receiver. ``parent`` is the unit that passed it on, null where the issuer told it."""

    n: int
    unit: str
    unit_name: str
    level: LevelName
    parent: str | None
    state: ReceiverState
    late: bool
    told_at: datetime
    read_at: datetime | None
    reply: str | None
    replied_at: datetime | None
    reminded: int


class InstructionOut(BaseModel):
    """An instruction. ``receiver`` is the receipt of the unit that asks, where it is one."""

    model_config = ConfigDict(extra="allow")

    number: str
    title: str
    text: str
    issuer: str
    issuer_name: str
    level: LevelName
    issued_at: datetime
    limit: str
    due_at: datetime
    unknown_year: bool
    reply_required: bool
    urgency: int
    exercise: bool
    case_no: str | None
    corrects: str | None
    corrected_by: str | None
    state: InstructionState
    state_zh: str
    ended_at: datetime | None
    reason: str
    reported_at: datetime | None
    receiver: ReceiverOut | None


class OverviewOut(InstructionOut):
    """An instruction with its receivers counted. ``told`` counts the units this request has told."""

    counts: CountsOut
    by_level: dict[LevelName, CountsOut]
    told: int
    repeated: bool


class TrackedOut(OverviewOut):
    """An instruction, its counts and a page of its receivers."""

    receivers: list[ReceiverOut]
    next_cursor: str | None


class InstructionPageOut(BaseModel):
    """A page of instructions, newest first; ``next_cursor`` is null on the last one."""

    instructions: list[InstructionOut]
    next_cursor: str | None


class ActOut(BaseModel):
    """One thing done with an instruction: issue, read, reply, pass_on, close, withdraw or remind."""

    kind: str
    actor: dict[str, Any]
    at: datetime
    text: str
    told: int


class ActsOut(BaseModel):
    """The latest acts, newest first, 200 at most."""

    acts: list[ActOut]
