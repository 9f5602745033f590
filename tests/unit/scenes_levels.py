"""Scenes of the refusals of levels, policies and emergencies."""

from domain.errors import RefusalCode
from tests.unit.scenes import Refused

SCENES: dict[RefusalCode, Refused] = {}
