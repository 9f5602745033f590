"""Scenes of the refusals while it is handled."""

from domain.errors import RefusalCode
from tests.unit.scenes import Refused

SCENES: dict[RefusalCode, Refused] = {}
