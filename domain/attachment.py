"""What is attached to reports and cases."""

from enum import StrEnum


class AttachmentKind(StrEnum):
    """What a picture shows: 近景, 远景, 处置前, 处置后, 其他."""

    NEAR = "near"
    FAR = "far"
    BEFORE = "before"
    AFTER = "after"
    OTHER = "other"
