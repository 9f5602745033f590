"""Every reason has its sentence, in both languages, and the particulars with it."""

from domain.envelope import DeadCode
from usecases.dead_words import WORDS, says


def test_every_code_has_words_in_both_languages() -> None:
    assert set(WORDS) == set(DeadCode)
    for code in DeadCode:
        zh, en = (says(code=code, params={}, lang=lang) for lang in ("zh", "en"))
        assert any("\u4e00" <= char <= "\u9fff" for char in zh)
        assert en.isascii()
        assert en


def test_the_particulars_are_shown_and_an_unknown_code_is_its_own_words() -> None:
    params = {"field": "lat", "most": "90"}
    assert says(code="bad_value", params=params, lang="zh").endswith("（field=lat; most=90）")
    assert says(code="bad_value", params=params, lang="en").endswith(" (field=lat; most=90)")
    assert says(code="of_later", params={}, lang="en") == "of_later"
