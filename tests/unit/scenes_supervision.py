"""Scenes of the refusals of supervision, appeal, checking and closing."""

from domain.errors import RefusalCode
from tests.unit.scenes import Refused

SCENES: dict[RefusalCode, Refused] = {}
