"""What a report's text says becomes its tags when it is filed; channels may write a tag their own way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pack import CityTag
from domain.place import Level
from domain.policy import TagRule
from routing import canonical, tags_in

KNOWN = (
    CityTag(
        rule=TagRule(tag="leader", floor=Level.DISTRICT, supervise=True),
        name_zh="领导批示",
        name_en="Leader",
        aliases=("领导批示", "批示"),
        words=("市长批示", "mayor"),
    ),
    CityTag(rule=TagRule(tag="rain"), name_zh="暴雨", name_en="Rain", words=("暴雨", "ＳＴＯＲＭ")),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("路面积水", ()),
        ("市长批示件:路面积水", ("leader",)),
        ("The Mayor has asked", ("leader",)),
        ("MAYOR!", ("leader",)),
        ("mayoral election", ()),
        ("请mayor关注", ("leader",)),
        ("暴雨过后,storm", ("rain",)),
        ("暴雨。市长批示", ("leader", "rain")),
        ("", ()),
    ],
)
def test_words_of_the_text_set_tags(text: str, found: tuple[str, ...]) -> None:
    assert tags_in(text=text, known=KNOWN) == found


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ((), ()),
        (("leader",), ("leader",)),
        (("领导批示",), ("领导批示", "leader")),
        (("批示", "leader", "领导批示"), ("批示", "leader", "领导批示")),
        (("other", "other"), ("other",)),
    ],
)
def test_an_alias_brings_the_citys_own_name(sent: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert canonical(given=sent, known=KNOWN) == kept


@given(st.lists(st.sampled_from(["leader", "批示", "rain", "x"]), max_size=5))
def test_naming_twice_changes_nothing(sent: list[str]) -> None:
    once = canonical(given=sent, known=KNOWN)
    assert canonical(given=once, known=KNOWN) == once
    assert set(sent) <= set(once)


@given(st.text(max_size=30), st.text(max_size=30))
def test_more_text_never_takes_a_chinese_tag_away(before: str, after: str) -> None:
    assert "rain" in tags_in(text=f"{before}暴雨{after}", known=KNOWN)
