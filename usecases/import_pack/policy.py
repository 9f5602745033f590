"""Stage limits and escalation that an imported pack starts with; its city edits them afterwards.

The figures are the defaults of the transition table: urgent (severity 1 and 2) and normal.
"""

from typing import Any

_URGENT = {
    "triage": "10MIN",
    "sign_in": "10MIN",
    "return_request": "30MIN",
    "return_decision": "30MIN",
    "arbitration": "30MIN",
    "contact": "30MIN",
    "check": "4UH",
    "rework": "1UH",
    "visit_start": "1WD",
    "visit": "3WD",
    "retention": "30ND",
}
_NORMAL = {
    **_URGENT,
    "triage": "1WH",
    "sign_in": "4WH",
    "return_request": "1WD",
    "return_decision": "4WH",
    "arbitration": "1WD",
    "contact": "1WD",
    "check": "1WD",
    "rework": "4WH",
}
_ESCALATION = {
    "remind_at": 0.5,
    "call_at": 1.0,
    "raise_at": 1.5,
    "warn_at": 0.8,
    "overdue_at": 1.0,
    "raise_overdue_at": 2.0,
    "returns": 2,
    "reworks": 2,
    "unsolved_visits": 2,
}
SEVERITIES: tuple[dict[str, Any], ...] = (
    {
        "head": {"severity": 1, "name_zh": "危及生命", "name_en": "Life at risk", "default_limit": "24UH"},
        "stages": _URGENT,
        "escalation": {**_ESCALATION, "repeat": "30MIN"},
    },
    {
        "head": {"severity": 2, "name_zh": "严重隐患", "name_en": "Serious hazard", "default_limit": "24UH"},
        "stages": {**_URGENT, "sign_in": "15MIN", "contact": "2UH"},
        "escalation": {**_ESCALATION, "repeat": "1UH"},
    },
    {
        "head": {"severity": 3, "name_zh": "明显影响", "name_en": "Clear nuisance", "default_limit": "7ND"},
        "stages": _NORMAL,
        "escalation": {**_ESCALATION, "repeat": "1WD"},
    },
    {
        "head": {"severity": 4, "name_zh": "轻微", "name_en": "Minor", "default_limit": "15ND"},
        "stages": _NORMAL,
        "escalation": {**_ESCALATION, "repeat": "1WD"},
    },
)
