"""A hotline's ticket as it comes: the trade's fields in English, with the Chinese beside."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from api.answers import Problem
from api.schemas import Instant, ReceiptOut
from domain.attachment import AttachmentKind
from domain.report import Reporter
from usecases.tickets import DEMAND_ZH, Demand, NamedAttachment, Ticket

MOST_TICKETS = 500
EXAMPLE: dict[str, Any] = {
    "ticket_no": "WH20261122000017",
    "demand_type": "投诉",
    "category": "E0110",
    "title": "小区门口垃圾堆放 / rubbish at the gate",
    "description": "三天无人清理 / nobody has cleared it for three days",
    "occurred_at": "2026-11-22T08:10:00+08:00",
    "reported_at": "2026-11-22T08:30:00+08:00",
    "address": "江岸区大智街道",
    "lon": 114.2862,
    "lat": 30.5965,
    "crs": "WGS84",
    "urgency": "紧急",
    "flags": ["媒体"],
    "reporter": {"name": "王", "phone": "13812345678", "wants_callback": True},
    "related_tickets": [],
    "attachments": [{"url": "https://12345.example/a/1.jpg", "kind": "near"}],
}
ATTACHMENT_ZH = {"近景": "near", "远景": "far", "处置前": "before", "处置后": "after", "其他": "other"}


def _one_of(words: Mapping[str, str], known: frozenset[str]) -> BeforeValidator:
    """Read the trade's Chinese word, or ours."""

    def read(value: Any) -> Any:
        word = words.get(value, value) if isinstance(value, str) else value
        if not isinstance(word, str) or word not in known:
            raise ValueError(f"one of {', '.join((*words, *sorted(known)))}")
        return word

    return BeforeValidator(read)


def _web(url: str) -> str:
    plain = url.isascii() and url.isprintable()
    if not plain or not url.lower().startswith(("https://", "http://")):
        raise ValueError("an address in ASCII that begins with https:// or http://")
    return url


Line = Annotated[str, Field(max_length=200)]
Lines = Annotated[tuple[Line, ...], Field(max_length=20, strict=False)]
Kind = Annotated[str, _one_of(ATTACHMENT_ZH, frozenset(AttachmentKind))]
DemandWord = Annotated[str, _one_of(DEMAND_ZH, frozenset(Demand))]
Finite = Annotated[float | None, Field(allow_inf_nan=False)]


class TicketReporterIn(BaseModel):
    """The reporter (诉求人). Everything is optional."""

    model_config = ConfigDict(extra="allow", strict=True)

    name: Annotated[str, Field(description="姓名")] = ""
    phone: Annotated[str, Field(description="联系电话")] = ""
    email: Annotated[str, Field(description="电子邮箱")] = ""
    is_confidential: Annotated[bool, Field(description="是否保密")] = False
    is_anonymous: Annotated[bool, Field(description="是否匿名")] = False
    wants_callback: Annotated[bool, Field(description="是否需要回访")] = True


class TicketAttachmentIn(BaseModel):
    """An attachment in the sending system. Its address is kept; nobody here fetches it."""

    model_config = ConfigDict(extra="allow", strict=True)

    url: Annotated[str, Field(max_length=500, description="地址"), AfterValidator(_web)]
    kind: Annotated[
        Kind, Field(description="近景 near, 远景 far, 处置前 before, 处置后 after, 其他 other")
    ] = "other"


class TicketIn(BaseModel):
    """A ticket (工单). Fields not described here are kept with the body and named in a warning."""

    model_config = ConfigDict(extra="allow", strict=True, json_schema_extra={"examples": [EXAMPLE]})

    ticket_no: Annotated[
        str, Field(min_length=1, max_length=200, description="工单编号; the same is the same ticket")
    ]
    channel: Annotated[str, Field(max_length=100, description="渠道; a key's own wins")] = ""
    source_channel: Annotated[Line, Field(description="来源渠道(电话、微信、网站等)")] = ""
    source_ticket_nos: Annotated[Lines, Field(description="来源工单编号")] = ()
    recording_ref: Annotated[str, Field(max_length=500, description="通话录音编号")] = ""
    demand_type: Annotated[
        DemandWord | None,
        Field(description="诉求类型: 咨询 enquiry, 求助 help, 投诉 complaint, 举报 tip_off, 建议 suggestion"),
    ] = None
    category: Annotated[Line, Field(description="事项类别编码; through the source's mapping, else ours")] = ""
    category_scheme: Annotated[Line, Field(description="类别编码体系")] = ""
    title: Annotated[str, Field(max_length=500, description="标题")] = ""
    description: Annotated[str, Field(description="诉求内容, at most 20,000 characters with the title")] = ""
    occurred_at: Annotated[Instant | None, Field(description="发生时间")] = None
    reported_at: Annotated[Instant | None, Field(description="受理时间, where occurred_at is unknown")] = None
    address: Annotated[str, Field(description="事发地址")] = ""
    lon: Annotated[Finite, Field(description="经度, degrees in crs")] = None
    lat: Annotated[Finite, Field(description="纬度, degrees in crs")] = None
    crs: Annotated[Line, Field(description="坐标系 WGS84, CGCS2000, GCJ02, BD09; empty: the channel's")] = ""
    accuracy_m: Annotated[Finite, Field(ge=0, description="定位精度(米)")] = None
    grid_path: Annotated[
        Lines, Field(description="网格路径 市/区/街道/社区/网格, codes or names; where no point is")
    ] = ()
    object: Annotated[str, Field(max_length=500, description="部件、资产或企业")] = ""
    urgency: Annotated[Line, Field(description="紧急程度 一般 normal, 紧急 urgent, 特急 critical")] = ""
    severity: Annotated[int | None, Field(ge=1, le=4, description="严重程度, 1 is worst")] = None
    tags: Annotated[Lines, Field(description="标签")] = ()
    flags: Annotated[Lines, Field(description="敏感标识 群体性 mass, 扬言 threat, 媒体 media, 领导批示")] = ()
    reporter: Annotated[TicketReporterIn, Field(description="诉求人")] = TicketReporterIn()
    related_tickets: Annotated[
        Lines, Field(description="关联工单 or receipt numbers; an open one is joined")
    ] = ()
    attachments: Annotated[
        tuple[TicketAttachmentIn, ...], Field(max_length=20, strict=False, description="附件")
    ] = ()
    exercise: Annotated[bool, Field(description="演练")] = False

    def ticket(self) -> Ticket:
        """Return the use case's form."""
        who = self.reporter
        return Ticket(
            ticket_no=self.ticket_no,
            channel=self.channel,
            demand=None if self.demand_type is None else Demand(self.demand_type),
            category=self.category,
            title=self.title,
            description=self.description,
            occurred_at=self.occurred_at,
            reported_at=self.reported_at,
            address=self.address,
            lon=self.lon,
            lat=self.lat,
            crs=self.crs,
            accuracy_m=self.accuracy_m,
            grid_path=self.grid_path,
            urgency=self.urgency,
            severity=self.severity,
            tags=self.tags,
            flags=self.flags,
            reporter=Reporter(
                name=who.name,
                phone=who.phone,
                email=who.email,
                anonymous=who.is_anonymous,
                wants_visit=who.wants_callback,
                confidential=who.is_confidential,
            ),
            related=self.related_tickets,
            attachments=tuple(
                NamedAttachment(url=one.url, kind=AttachmentKind(one.kind)) for one in self.attachments
            ),
            exercise=self.exercise,
            unread=tuple(self.model_extra or ()),
        )


class TicketResultOut(BaseModel):
    """What became of one ticket of a batch, in the order they came. ``status`` is what it would have got alone."""

    index: int
    ticket_no: Annotated[str, Field(description="empty where it could not be read")]
    status: Annotated[int, Field(description="201 accepted, 200 accepted before, else refused")]
    report: ReceiptOut | None = None
    problem: Problem | None = None


class TicketsOut(BaseModel):
    """The answer to a batch. Refused tickets change nothing for the others."""

    accepted: int
    repeated: int
    refused: int
    results: list[TicketResultOut]


def inlined(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema with the models within it written out."""
    schema = model.model_json_schema()
    found: dict[str, Any] = _written_out(schema, schema.pop("$defs", {}))
    return found


def _written_out(part: Any, known: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_written_out(one, known) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        rest = {name: one for name, one in part.items() if name != "$ref"}
        return {**_written_out(known[part["$ref"].rpartition("/")[2]], known), **rest}
    return {name: _written_out(one, known) for name, one in part.items()}
