"""Scenes of what reporters add and ask for after they reported."""

from domain.errors import RefusalCode
from domain.messages_reporter import Urge
from tests.unit.builders import REPORT, SYSTEM, a_case
from tests.unit.scenes import Refused

SCENES: dict[RefusalCode, Refused] = {
    RefusalCode.NOTHING_TO_URGE: (
        lambda: a_case().closed(), Urge, SYSTEM, {"urge_id": "u-1", "report_no": REPORT},
    ),
}  # fmt: skip
