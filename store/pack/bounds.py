"""Numbers of a pack that must lie between two others, and spans of time made of them."""

from datetime import timedelta

from store.pack.fields import Fields


def bounded(fields: Fields, key: str, default: float | None, low: float, high: float) -> float:
    """Return a number from ``low`` to ``high``; another one is a problem and becomes the default or ``low``."""
    value = fields.number(key, default)
    if low <= value <= high:
        return value
    if fields.has(key):
        zh, en = f"{key} 应在 {low:g} 与 {high:g} 之间", f"{key} must be from {low:g} to {high:g}"
        fields.problem(key, code="wrong_value", zh=zh, en=en)
    return low if default is None else default


def bounded_integer(fields: Fields, key: str, default: int | None, low: int, high: int) -> int:
    """Return a whole number from ``low`` to ``high``, as ``bounded`` does."""
    value = fields.integer(key, default)
    if low <= value <= high:
        return value
    if fields.has(key):
        zh, en = f"{key} 应为 {low} 至 {high} 的整数", f"{key} must be a whole number from {low} to {high}"
        fields.problem(key, code="wrong_value", zh=zh, en=en)
    return low if default is None else default


def minutes(fields: Fields, key: str, default: float | None, *, low: float = 0, high: float) -> timedelta:
    """Return a span given in minutes."""
    return timedelta(minutes=bounded(fields, key, default, low, high))


def seconds(fields: Fields, key: str, default: float | None, *, low: float = 0, high: float) -> timedelta:
    """Return a span given in seconds."""
    return timedelta(seconds=bounded(fields, key, default, low, high))
