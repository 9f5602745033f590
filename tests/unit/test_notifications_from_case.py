"""What ``decide`` owes becomes a context every template can be rendered from, without what people typed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import WorkCalendar
from domain.case import Alarm, CaseState, Deadline, Notice, Status
from domain.limit import Limit
from domain.place import AreaRef, Level, Place
from domain.policy import CaseRules, EscalationRules, SeverityPolicy, StageLimits
from notifications.context import VARIABLES, LocalText
from notifications.delivery import Message, TemplateName, TextSource
from notifications.from_case import notice_context
from notifications.render import TemplateRenderer

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
DUE = AT + timedelta(hours=2)
HOUR = Limit.parse("1UH")
UNITS = {"U1": LocalText(zh="市政所", en="Works"), "U2": LocalText(zh="街道办", en="Street office")}


def state() -> CaseState:
    names = tuple(StageLimits.__dataclass_fields__)
    rules = CaseRules(
        version="1",
        severity=SeverityPolicy(
            severity=2,
            stages=StageLimits(**dict.fromkeys(names, HOUR)),
            escalation=EscalationRules(repeat=HOUR),
            default_limit=HOUR,
        ),
        calendar=WorkCalendar(timezone="Asia/Shanghai", periods=((510, 720),)),
        ladder=(),
    )
    return CaseState(
        case_no="C-1",
        status=Status.DISPATCHED,
        rules=rules,
        category="P0102",
        severity=2,
        place=Place(chain=(AreaRef(level=Level.CITY, code="1", name="武汉市"),)),
        triage_unit="U2",
        owner="U1",
        level=Level.STREET,
        level_since=AT,
        received_at=AT,
        handling_due=DUE + timedelta(hours=1),
        deadlines=(
            Deadline(name=Alarm.SIGN_IN_CALL, at=DUE),
            Deadline(name=Alarm.CHECK, at=DUE + timedelta(hours=5)),
        ),
    )


def context_of(template: str, *, unit: str | None = "U1", **said: Any) -> dict[str, Any]:
    notice = Notice(seq=1, n=0, template=template, unit=unit, report_no=None if unit else "R-1", context=said)
    return dict(
        notice_context(
            notice=notice,
            state=state(),
            at=AT,
            category=LocalText(zh="井盖", en="cover"),
            units=UNITS,
            link="https://x.example/C-1",
        )
    )


def test_codes_become_names_and_times_city_time() -> None:
    context = context_of("escalation", unit="U2", trigger="E3", level="DISTRICT", owner="U9")
    assert set(context) == VARIABLES
    assert context["unit"] == {"zh": "街道办", "en": "Street office"}
    assert context["owner"] == {"zh": "U9", "en": "U9"}
    assert context["level"] == Level.DISTRICT
    assert context["trigger"] == "E3"
    assert context["at"] == "2026-11-22T12:00:00+08:00"
    assert context["areas"] == ["武汉市"]


@pytest.mark.parametrize(
    ("template", "said", "deadline"),
    [
        ("assignment", {"due": DUE.isoformat()}, "2026-11-22T14:00:00+08:00"),
        ("reminder", {"about": "sign_in"}, "2026-11-22T14:00:00+08:00"),
        ("reminder", {"about": "handling"}, "2026-11-22T15:00:00+08:00"),
        ("reminder", {"about": "triage"}, None),
        ("check_request", {}, "2026-11-22T19:00:00+08:00"),
        ("overdue", {}, "2026-11-22T15:00:00+08:00"),
        ("closed", {}, None),
    ],
)
def test_the_deadline_is_the_one_the_notice_is_about(
    template: str, said: dict[str, str], deadline: str | None
) -> None:
    assert context_of(template, **said)["deadline"] == deadline


def test_roles_decisions_and_outcomes() -> None:
    assert context_of("assignment")["role"] == "owner"
    assert context_of("assignment", co_handler=True)["role"] == "co_handler"
    assert context_of("assignment", copy=True)["role"] == "copy"
    assert context_of("return_decided", granted=True)["decision"] == "granted"
    assert context_of("return_decided", granted=False)["decision"] == "refused"
    assert context_of("closed", close_kind="partly")["outcome"] == {"zh": "部分解决", "en": "solved in part"}
    assert context_of("merged", master="C-9")["other_case_no"] == "C-9"


def test_what_people_typed_and_the_consoles_link_stay_behind() -> None:
    context = context_of("rework", reason="张三 13800000000 说没修好")
    assert context["reason"] is None
    assert "13800000000" not in repr(context)
    assert context["link"] == "https://x.example/C-1"
    assert context_of("result", unit=None)["link"] is None
    assert context_of("result", unit=None)["unit"] is None


@pytest.mark.parametrize("template", TemplateName)
@pytest.mark.parametrize("unit", ["U1", None])
@pytest.mark.parametrize("channel", ["email", "in_app"])
async def test_every_template_renders_from_it(template: TemplateName, unit: str | None, channel: str) -> None:
    message = Message(
        key="k",
        template=template.value,
        channel=channel,
        recipient="x",
        language="zh+en",
        context=context_of(template.value, unit=unit),
    )
    rendered = await TemplateRenderer().render(message=message)
    assert (rendered.source, rendered.problem) == (TextSource.BUILT_IN, "")
    assert "None" not in rendered.subject + rendered.body
