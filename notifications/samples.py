"""One believable context per template: for previews, for ``cityops check`` and for the tests.

The place and the units are Wuhan's; the numbers are made up.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from domain.place import Level
from notifications.context import LocalText, NoticeFacts, case_context
from notifications.delivery import Json, Message, TemplateName

_FACTS = NoticeFacts(
    case_no="WH-20261122-000123",
    category=LocalText(zh="污水井盖缺失", en="Sewage manhole cover missing"),
    unit=LocalText(zh="洪山区水务局", en="Hongshan District Water Authority"),
    areas=("武汉市", "洪山区", "珞南街道"),
    severity=2,
    level=Level.DISTRICT,
    at=datetime(2026, 11, 22, 7, 30, tzinfo=UTC),
    timezone="Asia/Shanghai",
    owner=LocalText(zh="洪山区水务局", en="Hongshan District Water Authority"),
    deadline=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    limit="2UH",
    link="https://cityops.example/cases/WH-20261122-000123",
)
_REPEATED = LocalText(zh="连续两次返工", en="two reworks in a row")
_SOLVED = LocalText(zh="井盖已更换", en="the cover has been replaced")
_CITY = LocalText(zh="武汉市城市运行管理中心", en="Wuhan Urban Operations Centre")
_PEER = LocalText(zh="119消防救援指挥中心", en="Fire and rescue command 119")
_MISSING = LocalText(zh="具体地点", en="the exact place")
_TO_REPORTER = replace(_FACTS, unit=None, deadline=None, link=None)
_LATE = ("楚才社区工作站", "水果湖社区工作站")
_ORDER = replace(
    _FACTS,
    category=LocalText(zh="汛期井盖排查", en="Check manhole covers before the flood season"),
    areas=("武汉市",),
    owner=_CITY,
    level=Level.CITY,
    severity=3,
    reply=True,
    link="https://cityops.example/instructions/WH-20261122-000123",
)

_ALARM = replace(
    _FACTS,
    category=LocalText(zh="燃气泄漏报警", en="Gas leak alarm"),
    reason=LocalText(zh="可燃气体", en="combustible gas"),
    unit=_CITY,
    owner=None,
    link="https://cityops.example/alarms/WH-20261122-000123",
)

_T = TemplateName
SAMPLES: Mapping[TemplateName, Mapping[str, Json]] = MappingProxyType(
    {
        name: case_context(facts=facts)
        for name, facts in (
            (_T.ASSIGNMENT, _FACTS),
            (_T.REMINDER, replace(_FACTS, about="sign_in")),
            (_T.DUTY_CALL, replace(_FACTS, about="sign_in")),
            (_T.ESCALATION, replace(_FACTS, trigger="E3", level=Level.CITY)),
            (_T.OVERDUE, replace(_FACTS, trigger="E4")),
            (_T.RETURN_REQUESTED, _FACTS),
            (_T.RETURN_DECIDED, replace(_FACTS, decision="refused")),
            (_T.ARBITRATION, replace(_FACTS, trigger="E5")),
            (_T.REWORK, replace(_FACTS, reason=_REPEATED)),
            (_T.CHECK_REQUEST, _FACTS),
            (_T.RESULT, replace(_FACTS, unit=None, outcome=_SOLVED, deadline=None)),
            (_T.CLOSED, replace(_FACTS, outcome=_SOLVED, deadline=None)),
            (_T.REOPENED, _FACTS),
            (_T.MERGED, replace(_FACTS, unit=None, other_case_no="WH-20261122-000077")),
            (_T.CANCELLED, replace(_FACTS, deadline=None)),
            (
                _T.ANSWERED,
                replace(_TO_REPORTER, words="窗口周六上午办公 / the desk is open on Saturday mornings"),
            ),
            (_T.REFUSED, replace(_TO_REPORTER, reason=_REPEATED, words="请拨打 12315 / please call 12315")),
            (_T.TRANSFER, _FACTS),
            (_T.TRANSFERRED, replace(_TO_REPORTER, outcome=_PEER)),
            (
                _T.INFO_WANTED,
                replace(_FACTS, unit=None, reason=_MISSING, words="在哪个路口？ / which crossing?"),
            ),
            (_T.VERIFY_REQUEST, _FACTS),
            (_T.SPLIT, replace(_TO_REPORTER, other_case_no="WH-20261122-000077")),
            (_T.REPORT_UP, _FACTS),
            (_T.REPORT_UP_DECIDED, _FACTS),
            (_T.EVENT_REPORT, replace(_FACTS, level=Level.CITY, deadline=None)),
            (_T.EVENT_REPORT_LATE, _FACTS),
            (_T.EMERGENCY_CALL, replace(_FACTS, deadline=None)),
            (_T.RULES_CHANGED, _FACTS),
            (
                _T.JOINT,
                replace(_FACTS, about="returned", other_case_no="WH-20261122-000077", deadline=None),
            ),
            (_T.SUPPLEMENT, _FACTS),
            (_T.URGE, replace(_FACTS, about="urge", total=2)),
            (_T.ALARM_ASSESS, replace(_ALARM, about="assess")),
            (_T.ALARM_UNANSWERED, replace(_ALARM, about="escalate", missing=2)),
            (
                _T.ALARM_CHANGED,
                replace(_FACTS, about="relapse", other_case_no="BJ-20261122-000042", deadline=None),
            ),
            (_T.STORM_TOLD, replace(_FACTS, about="children", total=142, deadline=None)),
            (_T.SUPERVISION, replace(_FACTS, trigger="E4")),
            (_T.SUPERVISION_REPLY, _FACTS),
            (_T.SUPERVISION_CLOSED, replace(_FACTS, deadline=None)),
            (_T.APPEAL_REVIEW, _FACTS),
            (_T.APPEAL_DECIDED, replace(_FACTS, decision="granted", deadline=None)),
            (_T.TASK_ASSIGNED, replace(_FACTS, about="whistle")),
            (_T.TASK_SIGNED_IN, replace(_FACTS, deadline=None)),
            (_T.TASK_REPORTED, replace(_FACTS, deadline=None)),
            (_T.TASK_LATE, replace(_FACTS, about="task")),
            (_T.TASK_ENDED, replace(_FACTS, deadline=None)),
            (_T.STAGE_LATE, replace(_FACTS, about="contact")),
            (_T.EXTENSION_REQUESTED, _FACTS),
            (_T.EXTENSION_DECIDED, replace(_FACTS, decision="granted")),
            (
                _T.EXTENDED,
                replace(_FACTS, unit=None, words="等待配件到货 / spare parts are on their way", link=None),
            ),
            (_T.SUSPENDED, _FACTS),
            (_T.RESUMED, _FACTS),
            (_T.INSTRUCTION, replace(_ORDER, about="told")),
            (_T.INSTRUCTION_REMINDER, replace(_ORDER, about="half")),
            (
                _T.INSTRUCTION_REPORT,
                replace(_ORDER, about="due", unit=_CITY, total=142, missing=2, missing_units=_LATE),
            ),
        )
    }
)


def sample_message(*, template: str, channel: str, language: str) -> Message:
    """Return a message with the template's sample context. ValueError for an unknown template."""
    name = TemplateName(template)
    return Message(
        key=f"WH-20261122-000123:1:7:0:{channel}:sample",
        template=name.value,
        channel=channel,
        recipient="duty@example.org",
        language=language,
        context=SAMPLES[name],
    )
