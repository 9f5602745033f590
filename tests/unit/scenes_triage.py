"""Scenes of the refusals before a case is filed."""

from domain.errors import RefusalCode
from tests.unit.scenes import Refused

SCENES: dict[RefusalCode, Refused] = {}
