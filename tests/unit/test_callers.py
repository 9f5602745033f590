"""One caller is one number, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecases.callers import plain_number

MOBILE = [
    "13812345678",
    "+8613812345678",
    "+86 138 1234 5678",
    "0086-138-1234-5678",
    "8613812345678",
    "１３８１２３４５６７８",
]


@pytest.mark.parametrize("written", MOBILE)
def test_a_mobile_number_is_one_number(written: str) -> None:
    assert plain_number(phone=written, calling_code="86") == "8613812345678"


@pytest.mark.parametrize("written", ["027-85551234", "+86 27 8555 1234", "(027) 8555 1234", "2785551234"])
def test_a_landline_is_one_number(written: str) -> None:
    assert plain_number(phone=written, calling_code="86") == "862785551234"


def test_another_country_has_its_own_way() -> None:
    assert plain_number(phone="617-555-1234", calling_code="1") == "16175551234"
    assert plain_number(phone="1 617 555 1234", calling_code="1") == "16175551234"
    assert plain_number(phone="+49 30 123456", calling_code="1") == "4930123456"
    assert plain_number(phone="030 123456", calling_code="") == "30123456"


@pytest.mark.parametrize(
    "written", ["", "匿名", "110", "12345", "00000000000", "11111111", "1" * 18, "9" * 40]
)
def test_what_tells_nobody_apart_is_no_number(written: str) -> None:
    assert plain_number(phone=written, calling_code="86") == ""


@given(text=st.text(max_size=40), code=st.sampled_from(["", "1", "86"]))
def test_any_text_is_a_number_or_none(text: str, code: str) -> None:
    found = plain_number(phone=text, calling_code=code)
    assert found == "" or (found.isascii() and found.isdigit() and len(found) <= 19)
