"""Words in people's languages: English ids in the code, Chinese beside them in ``web/locale``.

Each area of the consoles has a catalogue of its own (``AREA.po``), what they share is in
``base.po``; they are read as they are, so nothing must be compiled before a start.
"""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from fastapi import Request

LOCALES = Path(__file__).resolve().parent / "locale"
LANGUAGES: Mapping[str, str] = {"zh": "zh_CN", "en": "en"}
"""What people choose, and the catalogue's name. The first is shown when nobody chose."""
COOKIE = "cityops_lang"


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for a text that is translated later
    """Mark a text for translation where it is shown."""
    return text


@cache
def words(language: str) -> NullTranslations:
    """Return the catalogue of a language; English is what the ids say."""
    folder = LOCALES / LANGUAGES[language] / "LC_MESSAGES"
    whole = Catalog(locale=LANGUAGES[language])
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=LANGUAGES[language]):
                if message.id:
                    whole[message.id] = message
    packed = BytesIO()
    write_mo(packed, whole)
    packed.seek(0)
    return Translations(packed)


def language_of(request: Request, *, preferred: str | None = None) -> str:
    """Return zh or en: what this browser chose, what the account says, what the browser prefers, Chinese."""
    chosen = request.cookies.get(COOKIE)
    if chosen is not None and chosen in LANGUAGES:
        return chosen
    if preferred in LANGUAGES:
        return str(preferred)
    first = request.headers.get("accept-language", "").lower().split(",")[0].strip()
    return "en" if first.startswith("en") else "zh"


def text(language: str, message: str, **values: object) -> str:
    """Return a message in a language, with its values filled in (``%(name)s``)."""
    found = str(words(language).gettext(message))
    return found % values if values else found
