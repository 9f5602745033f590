"""Scenes of what an alarm forbids the case about it."""

from domain.errors import RefusalCode
from domain.messages import CloseCase
from tests.unit.builders import OPERATOR, Played, a_case
from tests.unit.scenes import Refused


def about_an_alarm(severity: int = 4, *, out: bool = True) -> Played:
    """Return a dispatched case that an alarm has opened."""
    return a_case(severity, alarm="AL-1", alarm_out=out)


SCENES: dict[RefusalCode, Refused] = {
    RefusalCode.ALARM_OUT_OF_BAND: (lambda: about_an_alarm().submitted(), CloseCase, OPERATOR, {}),
}
