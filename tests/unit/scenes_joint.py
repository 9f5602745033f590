"""Scenes of the refusals of joint handling."""

from domain.errors import RefusalCode
from tests.unit.scenes import Refused

SCENES: dict[RefusalCode, Refused] = {}
