"""Signing in, on both databases: lockout, second factor, forced changes, sessions and their ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event

from domain.account import Grant, Post
from domain.password import TRIES
from store.engine import Store
from tests.integration.people_city import (
    COMMAND,
    FIRST,
    KEEPER,
    NOW,
    PASSWORD,
    PLAIN,
    Watch,
    city_of,
    code_at,
    entered,
    opened,
    quick_hashing,
    wrong_code,
)
from usecases import passwords
from usecases.access import Access
from usecases.accounts import close_account, give_post, open_account, reset_factor, unlock_account
from usecases.city import City, Grounds
from usecases.deeds import DeedFilter
from usecases.problems import BadRequest
from usecases.sign_in import (
    EnrolNeeded,
    FactorNeeded,
    MustChange,
    change_expired,
    confirm_enrolment,
    principal_of,
    show_factor,
    sign_in,
    sign_out,
    step_now,
)

__all__ = ["quick_hashing"]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def city(wuhan: Grounds, store: Store) -> City:
    return city_of(wuhan, store)


def code_of(call: Callable[..., object], **given: object) -> str:
    with pytest.raises(BadRequest) as refused:
        call(**given)
    return refused.value.finding.code.value


def test_a_session_knows_whose_it_is_and_ends_by_rest_age_and_signing_out(city: City) -> None:
    opened(city)
    found = entered(sign_in(city=city, account=" WANG ", password=PASSWORD, at=NOW, device="Firefox"))
    held = principal_of(city=city, token=found.token, at=NOW)
    assert held is not None
    assert held.who == found.who
    assert held.csrf == found.csrf
    assert held.who.grants[0].post is Post.STAFF
    assert not held.who.strong
    assert principal_of(city=city, token=found.token + "x", at=NOW) is None
    # Used every twenty minutes it lives twelve hours and not a minute longer.
    at = NOW
    while at < NOW + timedelta(hours=11, minutes=50):
        at += 20 * MINUTE
        alive = principal_of(city=city, token=found.token, at=at)
        assert (alive is not None) is (at < NOW + timedelta(hours=12))
    resting = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))
    assert principal_of(city=city, token=resting.token, at=NOW + 30 * MINUTE) is None
    assert principal_of(city=city, token=resting.token, at=NOW + 29 * MINUTE) is not None
    sign_out(city=city, who=resting.who, token=resting.token)
    assert principal_of(city=city, token=resting.token, at=NOW) is None


def test_a_page_left_open_does_not_keep_a_session_alive(city: City) -> None:
    opened(city)
    token = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW)).token
    for minutes in range(5, 30, 5):
        at = NOW + minutes * MINUTE
        assert principal_of(city=city, token=token, at=at, present=False) is not None
    assert principal_of(city=city, token=token, at=NOW + 30 * MINUTE, present=False) is None


def test_a_phone_in_the_street_rests_longer_a_phone_in_the_office_does_not(city: City) -> None:
    opened(city)
    opened(city, "li", Post.OPERATOR, COMMAND)
    field = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW, phone=True))
    office = entered(sign_in(city=city, account="li", password=PASSWORD, at=NOW, phone=True))
    later = NOW + timedelta(hours=7)
    assert principal_of(city=city, token=field.token, at=later) is not None
    assert principal_of(city=city, token=office.token, at=later) is None


def test_only_digests_of_tokens_and_passwords_are_kept(city: City) -> None:
    opened(city)
    found = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))
    account = city.store.account(account="wang")
    assert account is not None
    assert account.password is not None
    assert account.password.startswith("$argon2id$")
    (session,) = city.store.sessions_of(account="wang", at=NOW)
    assert found.token not in repr(session)
    assert session.digest != found.token
    assert city.store.held_session(digest=found.token) is None


def test_five_failures_lock_and_each_further_one_longer(city: City) -> None:
    opened(city)
    watch = Watch()
    for _ in range(TRIES):
        assert code_of(sign_in, city=city, account="wang", password="x", at=watch.at) == "bad_credentials"

    def locked() -> str:
        return code_of(sign_in, city=city, account="wang", password=PASSWORD, at=watch.at)

    assert locked() == "account_locked"
    watch.later(minutes=14)
    assert locked() == "account_locked"
    watch.later(minutes=1)
    assert code_of(sign_in, city=city, account="wang", password="x", at=watch.at) == "bad_credentials"
    watch.later(minutes=29)
    assert locked() == "account_locked"
    watch.later(minutes=1)
    entered(sign_in(city=city, account="wang", password=PASSWORD, at=watch.at))
    account = city.store.account(account="wang")
    assert account is not None
    assert (account.failures, account.locked_until) == (0, None)


def test_nobody_learns_which_names_there_are(city: City) -> None:
    opened(city)
    close_account(city=city, who=KEEPER, account=opened(city, "gone"))

    def told(name: str) -> list[tuple[str, str]]:
        found = []
        for _ in range(TRIES + 1):
            with pytest.raises(BadRequest) as refused:
                sign_in(city=city, account=name, password="no", at=NOW)
            finding = refused.value.finding
            found.append((finding.code.value, finding.text(lang="zh")))
        return found

    assert told("wang") == told("nobody") == told("gone")
    assert code_of(sign_in, city=city, account="a\x00'; --", password="x", at=NOW) == "bad_credentials"
    assert code_of(sign_in, city=city, account="\ud800x", password="\udfff", at=NOW) == "bad_credentials"


def test_a_closed_account_is_told_so_only_with_its_password(city: City) -> None:
    opened(city)
    found = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))
    close_account(city=city, who=KEEPER, account="wang")
    assert principal_of(city=city, token=found.token, at=NOW) is None
    assert code_of(sign_in, city=city, account="wang", password="x", at=NOW) == "bad_credentials"
    assert code_of(sign_in, city=city, account="wang", password=PASSWORD, at=NOW) == "account_disabled"


def test_failures_at_once_are_all_counted(city: City) -> None:
    opened(city)
    with ThreadPoolExecutor(8) as threads:
        tries = [
            threads.submit(code_of, sign_in, city=city, account="wang", password="x", at=NOW)
            for _ in range(16)
        ]
        told = [one.result() for one in tries]
    assert told.count("bad_credentials") == TRIES
    assert told.count("account_locked") == 16 - TRIES
    unlock_account(city=city, who=KEEPER, account="wang")
    entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))


def test_a_first_password_must_be_changed_and_the_last_five_do_not_come_back(city: City) -> None:
    opened(city)
    watch = Watch()
    used = [PASSWORD]
    for turn in range(5):
        step = sign_in(city=city, account="wang", password=used[-1], at=watch.later(days=90))
        assert isinstance(step, MustChange)
        assert step_now(city=city, token=step.token, at=watch.at) == step
        for old in used[-5:]:
            assert (
                code_of(change_expired, city=city, token=step.token, password=old, at=watch.at)
                == "password_reused"
            )
        assert (
            code_of(change_expired, city=city, token=step.token, password="wang123456", at=watch.at)
            == "password_weak"
        )
        used.append(f"Neues-Kennwort-{turn}")
        found = entered(change_expired(city=city, token=step.token, password=used[-1], at=watch.at))
        assert found.token != step.token
        # The step is used up: whoever has its cookie gets no second session from it.
        assert (
            code_of(change_expired, city=city, token=step.token, password="Noch-Eins-12", at=watch.at)
            == "sign_in_needed"
        )
    step = sign_in(city=city, account="wang", password=used[-1], at=watch.later(days=90))
    assert isinstance(step, MustChange)
    entered(change_expired(city=city, token=step.token, password=PASSWORD, at=watch.at))


def test_a_changed_password_ends_the_other_sessions(city: City) -> None:
    opened(city)
    old = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))
    later = NOW + timedelta(days=90)
    step = sign_in(city=city, account="wang", password=PASSWORD, at=later)
    assert isinstance(step, MustChange)
    entered(change_expired(city=city, token=step.token, password="Ganz-Neu-2026", at=later))
    assert city.store.sessions_of(account="wang", at=NOW) != []
    assert principal_of(city=city, token=old.token, at=NOW) is None


def test_a_post_that_needs_a_second_factor_sets_it_up_and_each_code_counts_once(city: City) -> None:
    opened(city, "han", Post.CITY_SUPERVISOR, COMMAND)
    strict = replace(city, access=Access())
    step = sign_in(city=strict, account="han", password=PASSWORD, at=NOW)
    assert isinstance(step, EnrolNeeded)
    assert step_now(city=strict, token=step.token, at=NOW) == step
    secret = step.enrolment.secret
    assert (
        code_of(confirm_enrolment, city=strict, token=step.token, code=wrong_code(secret, NOW), at=NOW)
        == "factor_wrong"
    )
    first = code_at(secret, NOW)
    after, recovery = confirm_enrolment(city=strict, token=step.token, code=first, at=NOW)
    assert entered(after).who.strong
    assert len(set(recovery)) == 10
    account = city.store.account(account="han")
    assert account is not None
    assert secret not in str(account.totp)

    def waiting() -> str:
        found = sign_in(city=strict, account="han", password=PASSWORD, at=NOW)
        assert isinstance(found, FactorNeeded)
        return found.token

    # Used before, older than the last used, too far ahead.
    for code in (first, code_at(secret, NOW, -1), code_at(secret, NOW, 2)):
        assert code_of(show_factor, city=strict, token=waiting(), code=code, at=NOW) == "factor_wrong"
    token = waiting()
    assert principal_of(city=strict, token=token, at=NOW) is None
    found = entered(show_factor(city=strict, token=token, code=code_at(secret, NOW, 1), at=NOW))
    assert found.token != token
    assert found.who.strong
    entered(show_factor(city=strict, token=waiting(), code=recovery[0].upper(), at=NOW))
    assert code_of(show_factor, city=strict, token=waiting(), code=recovery[0], at=NOW) == "factor_wrong"
    reset_factor(city=strict, who=KEEPER, account="han", reason="手机丢失")
    assert isinstance(sign_in(city=strict, account="han", password=PASSWORD, at=NOW), EnrolNeeded)


def test_knowing_the_password_gives_no_endless_tries_of_the_code(city: City) -> None:
    opened(city, "han", Post.CITY_SUPERVISOR, COMMAND)
    strict = replace(city, access=Access())
    step = sign_in(city=strict, account="han", password=PASSWORD, at=NOW)
    assert isinstance(step, EnrolNeeded)
    secret = step.enrolment.secret
    confirm_enrolment(city=strict, token=step.token, code=code_at(secret, NOW), at=NOW)
    wrong = wrong_code(secret, NOW)
    told = []
    for _ in range(TRIES + 2):
        try:
            waiting = sign_in(city=strict, account="han", password=PASSWORD, at=NOW)
        except BadRequest as error:
            told.append(error.finding.code.value)
            continue
        token = getattr(waiting, "token", "")
        told.append(code_of(show_factor, city=strict, token=token, code=wrong, at=NOW))
    assert told == ["factor_wrong"] * TRIES + ["account_locked"] * 2


def test_a_step_of_a_sign_in_waits_ten_minutes_and_ends_with_a_reset(city: City) -> None:
    open_account(city=city, who=KEEPER, account="neu", name="", posts=[], at=NOW, password=FIRST)
    step = sign_in(city=city, account="neu", password=FIRST, at=NOW)
    assert isinstance(step, MustChange)
    assert step_now(city=city, token=step.token, at=NOW + 9 * MINUTE) is not None
    assert step_now(city=city, token=step.token, at=NOW + 10 * MINUTE) is None
    city.store.change_account(account="neu", end_sessions=True)
    assert step_now(city=city, token=step.token, at=NOW) is None


def test_demo_accounts_work_in_demo_mode_only(city: City) -> None:
    opened(city)
    city.store.change_account(account="wang", demo=True)
    shown = replace(city, access=replace(PLAIN, demo_mode=True))
    found = entered(sign_in(city=shown, account="wang", password=PASSWORD, at=NOW))
    assert principal_of(city=shown, token=found.token, at=NOW) is not None
    assert principal_of(city=city, token=found.token, at=NOW) is None
    assert code_of(sign_in, city=city, account="wang", password=PASSWORD, at=NOW) == "bad_credentials"


def test_signing_in_and_failing_stand_in_the_log_without_what_was_typed(city: City) -> None:
    opened(city)
    with pytest.raises(BadRequest):
        sign_in(city=city, account="wang", password="Geheim-Falsch", at=NOW)
    with pytest.raises(BadRequest):
        sign_in(city=city, account="mein-kennwort", password="x", at=NOW)
    entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))
    page = city.store.deeds(where=DeedFilter(), limit=50)
    kinds = [row.kind for row in page.deeds]
    assert kinds[:2] == ["sign_in", "sign_in_failed"]
    assert "mein-kennwort" not in repr(page)
    assert "Geheim" not in repr(page)


def test_a_password_hashed_long_ago_is_hashed_anew_at_its_next_use(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(city)
    before = city.store.account(account="wang")
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))
    after = city.store.account(account="wang")
    assert before is not None
    assert after is not None
    assert "m=8,t=1" in str(before.password)
    assert "m=16,t=2" in str(after.password)
    entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))


def test_a_page_asks_one_statement_who_it_is(city: City) -> None:
    opened(city)
    found = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))
    asked: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(city.store._engine, "before_cursor_execute", count)
    for second in range(30):
        assert principal_of(city=city, token=found.token, at=NOW + timedelta(seconds=second)) is not None
    assert [one.split()[0] for one in asked if not one.startswith("BEGIN")] == ["SELECT"] * 30
    asked.clear()
    assert principal_of(city=city, token=found.token, at=NOW + MINUTE) is not None
    assert [one.split()[0] for one in asked if one.startswith(("SELECT", "UPDATE"))] == ["SELECT", "UPDATE"]


def test_a_factor_that_was_set_up_meanwhile_is_not_replaced_by_the_password_alone(city: City) -> None:
    opened(city, "han", Post.CITY_SUPERVISOR, COMMAND)
    strict = replace(city, access=Access())
    begun = [sign_in(city=strict, account="han", password=PASSWORD, at=NOW) for _ in range(2)]
    secrets = [step.enrolment.secret for step in begun if isinstance(step, EnrolNeeded)]
    tokens = [step.token for step in begun if isinstance(step, EnrolNeeded)]
    confirm_enrolment(city=strict, token=tokens[0], code=code_at(secrets[0], NOW), at=NOW)
    kept = city.store.account(account="han")
    code = code_at(secrets[1], NOW)
    assert code_of(confirm_enrolment, city=strict, token=tokens[1], code=code, at=NOW) == "sign_in_needed"
    assert city.store.account(account="han") == kept


def test_a_session_without_the_second_factor_ends_with_a_post_that_needs_it(city: City) -> None:
    opened(city)
    strict = replace(city, access=Access())
    found = entered(sign_in(city=strict, account="wang", password=PASSWORD, at=NOW))
    assert principal_of(city=strict, token=found.token, at=NOW) is not None
    supervisor = Grant(post=Post.CITY_SUPERVISOR, unit=COMMAND)
    give_post(city=strict, who=KEEPER, account="wang", grant=supervisor)
    assert principal_of(city=strict, token=found.token, at=NOW) is None
    assert isinstance(sign_in(city=strict, account="wang", password=PASSWORD, at=NOW), EnrolNeeded)
