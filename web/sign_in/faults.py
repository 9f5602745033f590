"""What is wrong with a password, in words."""

from collections.abc import Iterable

from domain.password import FAULTS, PasswordFault


def fault_texts(faults: Iterable[PasswordFault], *, language: str) -> tuple[str, ...]:
    """Return a sentence for each fault, in zh or en."""
    return tuple(FAULTS[fault][0 if language == "zh" else 1] for fault in faults)
