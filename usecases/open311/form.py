"""What a client sent to be filed, whatever the encoding: names with texts, and files."""

from dataclasses import dataclass, field

MOST_FIELDS = 300
MOST_FILES = 10
SECRET = frozenset({"api_key"})
"""Never kept: it is the client's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file of a multipart form. ``name`` and ``media_type`` are what the sender says."""

    name: str = field(repr=False)
    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """Fields in the order they came; a name may come several times. An empty text counts as absent."""

    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    files: tuple[Upload, ...] = ()

    def text(self, *names: str) -> str:
        """Return the first text under one of these names, stripped; empty when there is none."""
        return next(iter(self.texts(*names)), "")

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return every text under these names, also written with empty brackets behind."""
        wanted = {*names, *(f"{name}[]" for name in names)}
        found = (text.strip() for name, text in self.fields if name in wanted)
        return tuple(text for text in found if text)

    def attribute(self, code: str) -> tuple[str, ...]:
        """Return the answers to a question of the service: ``attribute[CODE]`` or ``attribute[CODE][]``."""
        return self.texts(f"attribute[{code}]")

    def kept(self) -> dict[str, list[str]]:
        """Return the fields to be kept with the report, all but the key."""
        found: dict[str, list[str]] = {}
        for name, text in self.fields:
            if name not in SECRET:
                found.setdefault(_storable(name), []).append(_storable(text))
        return found


def _storable(text: str) -> str:
    """Return a text without what no database keeps in a document: NUL, and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
