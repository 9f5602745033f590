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
_URGENT_BOOK = {
    "info_wait": "2WD",
    "verify": "30MIN",
    "transfer": "30MIN",
    "task_sign_in": "15MIN",
    "extension": "2UH",
    "rectify": "15WD",
    "appeal_file": "5WD",
    "appeal_review": "3WD",
    "supervision_reply": "4UH",
    "supervision_review": "4UH",
    "acknowledge": "15MIN",
    "decide_up": "30MIN",
    "info_tries": 2,
    "extensions": 2,
    "visit_tries": 3,
    "suspend_days": 30,
    "suspend_most_days": 365,
    "check_within_m": 50.0,
    "answered_visit_share": 0.0,
    "contact": True,
    "supervise_overdue": True,
}
_NORMAL_BOOK = {
    **_URGENT_BOOK,
    "verify": "4WH",
    "task_sign_in": "4WH",
    "extension": "1WD",
    "supervision_reply": "2WD",
    "supervision_review": "1WD",
    "acknowledge": "4WH",
    "decide_up": "1WD",
}
EMERGENCY = {"phone": "30MIN", "written": "1UH", "follow_up": "2UH"}
"""Reports upward in an emergency, for severity 1 alone."""
SEVERITIES: tuple[dict[str, Any], ...] = (
    {
        "head": {"severity": 1, "name_zh": "危及生命", "name_en": "Life at risk", "default_limit": "24UH"},
        "stages": _URGENT,
        "escalation": {**_ESCALATION, "repeat": "30MIN"},
        "rulebook": _URGENT_BOOK,
        "emergency": EMERGENCY,
    },
    {
        "head": {"severity": 2, "name_zh": "严重隐患", "name_en": "Serious hazard", "default_limit": "24UH"},
        "stages": {**_URGENT, "sign_in": "15MIN", "contact": "2UH"},
        "escalation": {**_ESCALATION, "repeat": "1UH"},
        "rulebook": _URGENT_BOOK,
    },
    {
        "head": {"severity": 3, "name_zh": "明显影响", "name_en": "Clear nuisance", "default_limit": "7ND"},
        "stages": _NORMAL,
        "escalation": {**_ESCALATION, "repeat": "1WD"},
        "rulebook": _NORMAL_BOOK,
    },
    {
        "head": {"severity": 4, "name_zh": "轻微", "name_en": "Minor", "default_limit": "15ND"},
        "stages": _NORMAL,
        "escalation": {**_ESCALATION, "repeat": "1WD"},
        "rulebook": _NORMAL_BOOK,
    },
)
