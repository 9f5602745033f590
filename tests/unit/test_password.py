"""Which names and passwords do, and how long failures keep somebody out."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.password import (
    FAULTS,
    LONG,
    LONGEST,
    LONGEST_LOCK,
    SHORTEST,
    TRIES,
    PasswordFault,
    account_name,
    faults,
    lock_after,
    plain_account,
    plain_password,
)

P = PasswordFault


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("Gelbe-Tonne-42", ()),
        ("汉口江滩Qing9!晚上", ()),
        ("korrektes pferd batterie", ()),
        ("Kurz-1", (P.SHORT,)),
        ("nurkleinbuchst", (P.KINDS,)),
        ("operator1-Xx", (P.NAME,)),
        ("Password2026!", (P.COMMON,)),
        ("P@ssw0rd123", (P.COMMON,)),
        ("Aa1Aa1Aa1Aa1", (P.REPEATED,)),
        ("Abcdefgh12345", (P.REPEATED,)),
        ("qwertyuiopasdfghjkl", (P.REPEATED,)),
        ("1234567890", (P.KINDS, P.COMMON, P.REPEATED)),
    ],
)
def test_what_is_wrong_with_a_password_is_said_in_full(password: str, found: tuple[P, ...]) -> None:
    assert faults(password=password, account="operator1") == found


@given(st.text(max_size=200))
def test_nothing_short_or_endless_ever_does(password: str) -> None:
    found = faults(password=password, account="wang")
    assert (P.SHORT in found) is (len(password) < SHORTEST)
    assert (P.LONG in found) is (len(password) > LONGEST)
    if len(password) >= LONG:
        assert P.KINDS not in found


def test_a_name_of_two_letters_may_stand_in_a_word_by_chance() -> None:
    assert faults(password="Liangjiang-2026-Sanzhen", account="li") == ()
    assert P.NAME in faults(password="li-1234567", account="li")


def test_every_fault_has_its_sentence_in_both_languages() -> None:
    assert set(FAULTS) == set(PasswordFault)
    assert all(zh and en.isascii() for zh, en in FAULTS.values())


def test_names_are_what_a_keyboard_in_any_state_makes_of_them() -> None:
    assert plain_account(" Ｗａｎｇ．１ ") == "wang.1"
    assert plain_password("Ｇelbe") == "Gelbe"
    assert all(account_name(name) for name in ("a1", "wang.wuchang", "x-2", "a" * 64))
    assert not any(
        account_name(name) for name in ("", "a", "Wang", ".a", "a-", "a b", "王", "a" * 65, "a\n", "a@b")
    )


@given(st.integers(min_value=0, max_value=10_000))
def test_locks_never_become_shorter_nor_longer_than_a_day(failures: int) -> None:
    lock = lock_after(failures)
    if failures < TRIES:
        assert lock is None
        return
    assert lock is not None
    further = lock_after(failures + 1)
    assert further is not None
    assert timedelta(minutes=15) <= lock <= further <= LONGEST_LOCK


def test_a_lock_begins_at_a_quarter_of_an_hour_and_doubles() -> None:
    found = [lock_after(failures) for failures in range(TRIES, TRIES + 4)]
    assert found == [timedelta(minutes=minutes) for minutes in (15, 30, 60, 120)]
