"""Which cases somebody may see, as the store can ask for it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseScope:
    """A case is in scope when any of these holds; nothing set: none is.

    ``units`` have a part in it: they own it, handle it together, supervise, check or
    arbitrate it, or owe it a task. The areas are codes of the level's own column.
    """

    everything: bool = False
    units: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


EVERYTHING = CaseScope(everything=True)
