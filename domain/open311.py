"""What a city decides about its Open311 endpoint: data of its pack, ``[open311]`` of ``city.toml``."""

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True, slots=True)
class Open311Settings:
    """The endpoint's face. ``contact`` and ``key_service`` are told by discovery, as they stand.

    ``public`` takes requests without a key too. ``condition_required`` are categories, exact
    codes or globs, whose requests must name their filing condition.
    """

    contact: str = ""
    key_service: str = ""
    public: bool = False
    condition_required: tuple[str, ...] = ()

    def asks_condition(self, category: str) -> bool:
        """Tell whether a request of this category must name its filing condition."""
        return any(fnmatchcase(category, pattern) for pattern in self.condition_required)
