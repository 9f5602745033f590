"""What a case refuses, as HTTP says it: for the API and the pages alike."""

from domain.errors import RefusalCode

REFUSED_STATUS = {
    RefusalCode.ROLE_NOT_ALLOWED: 403,
    RefusalCode.NOT_THE_OWNER: 403,
    RefusalCode.NOT_THE_ARBITER: 403,
    RefusalCode.HANDLER_MAY_NOT_CLOSE: 403,
    RefusalCode.UNIT_REQUIRED: 422,
    RefusalCode.REASON_REQUIRED: 422,
    RefusalCode.RECEIPT_REQUIRED: 422,
    RefusalCode.LEAD_REQUIRED: 422,
    RefusalCode.UNKNOWN_REPORT: 404,
    RefusalCode.NOT_YOUR_ITEM: 403,
    RefusalCode.NOT_YOUR_STEP: 403,
    RefusalCode.SUSPENSION_NEEDS_DISTRICT: 403,
    RefusalCode.INTERIM_MEASURE_REQUIRED: 422,
    RefusalCode.TASK_TEXT_REQUIRED: 422,
    RefusalCode.DUE_OUTSIDE: 422,
    RefusalCode.UNKNOWN_ITEM: 404,
    RefusalCode.NOT_THE_UPPER_UNIT: 403,
    RefusalCode.NOBODY_TO_ACKNOWLEDGE: 403,
    RefusalCode.OUT_OF_SCALE: 422,
    RefusalCode.NOT_A_SUPERVISOR: 403,
    RefusalCode.SECOND_REVIEWER: 403,
    RefusalCode.NOT_THE_CHECKER: 403,
    RefusalCode.CHECK_PHOTO_REQUIRED: 422,
    RefusalCode.CHECK_POSITION_REQUIRED: 422,
    RefusalCode.CHECK_TOO_FAR: 422,
}
"""Refusals that are not a conflict with the case's state (409)."""


def refusal_status(code: RefusalCode) -> int:
    """Return the HTTP status of a refused command."""
    return REFUSED_STATUS.get(code, 409)
