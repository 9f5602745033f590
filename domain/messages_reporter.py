"""What a reporter adds to a case that runs: a supplement (补充), an urge (催办).

Their words are kept with the report, never here: only the number of what was said travels.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from domain.command import CommandBase


class SaidKind(StrEnum):
    """What a reporter adds after reporting: 补充, 催办."""

    SUPPLEMENT = "supplement"
    URGE = "urge"


@dataclass(frozen=True, kw_only=True, slots=True)
class Supplement(CommandBase):
    """The reporter of ``report_no`` added something; ``source`` took it (a source's name, or staff)."""

    kind: Literal["supplement"] = "supplement"
    supplement_id: str
    report_no: str
    source: str = ""
    attachments: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Urge(CommandBase):
    """The reporter of ``report_no`` asks when it will be done; ``source`` took it."""

    kind: Literal["urge"] = "urge"
    urge_id: str
    report_no: str
    source: str = ""


ReporterCommand = Supplement | Urge

REPORTER_ZH: dict[str, str] = {"supplement": "补充", "urge": "催办"}
