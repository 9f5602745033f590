"""What an operator's desk knows beside the catalogue: words people say, questions to ask, words of danger.

All of it is data of a city's pack; a city without it has the catalogue's own words and asks nothing.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True, slots=True)
class SpokenWords:
    """Words by which people mean a category (``condition`` None) or one filing condition of it.

    ``category`` is a code or a glob; a glob needs a condition: "broken" means that condition of
    every category it fits, and no category by itself.
    """

    category: str
    condition: str | None
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class UrgencyOption:
    """One answer to a question, and what it sets: None and nothing leave things as they are."""

    code: str
    name_zh: str
    name_en: str
    severity: int | None = None
    condition: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class UrgencyQuestion:
    """A question that settles how urgent a matter of some categories (codes or globs) is."""

    code: str
    categories: tuple[str, ...]
    name_zh: str
    name_en: str
    options: tuple[UrgencyOption, ...]

    def asks(self, category: str) -> bool:
        """Tell whether this is asked about a category."""
        return any(fnmatchcase(category, pattern) for pattern in self.categories)

    def option(self, code: str) -> UrgencyOption | None:
        """Return an answer by its code, or None."""
        return next((one for one in self.options if one.code == code), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class EmergencyRule:
    """Words that mean danger to life, whom to hand over to, and what to tell the caller.

    Of every group of ``words`` one must be in the text and none of ``unless``. ``services`` are
    units of kind PEER (110, 119, 120, 122), the first to be called first.
    """

    code: str
    words: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...] = ()
    services: tuple[str, ...]
    tell_zh: str
    tell_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskAids:
    """All of it for one city, each in the order of its file."""

    spoken: tuple[SpokenWords, ...] = ()
    questions: tuple[UrgencyQuestion, ...] = ()
    emergencies: tuple[EmergencyRule, ...] = ()


NO_AIDS = DeskAids()
