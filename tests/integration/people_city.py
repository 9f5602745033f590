"""A city whose people sign in: the flagship's units, an empty store, and real accounts opened in it."""

import random
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from argon2 import PasswordHasher
from pyotp import TOTP

from domain.account import Grant, Post, Principal
from store.engine import Store
from store.group_commit import GroupCommit
from usecases import passwords
from usecases.access import Access
from usecases.accounts import open_account
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway
from usecases.secret import Secret
from usecases.sign_in import MustChange, SignedIn, Step, change_expired, sign_in

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
COMMAND = "4201-COMMAND"
FIRST = "Erstes-Kennwort-7"
PASSWORD = "Sanzhen.Liangjiang.1"
KEEPER = Principal(account="console", name="console", grants=(Grant(post=Post.SECURITY_ADMIN, unit=COMMAND),))
PLAIN = Access(factor_posts=frozenset())


@dataclass
class Watch:
    """The machine's time, moved by the test."""

    at: datetime = NOW

    def later(self, **given: float) -> datetime:
        self.at += timedelta(**given)
        return self.at


def city_of(grounds: Grounds, store: Store, access: Access = PLAIN) -> City:
    return City(
        grounds=grounds,
        store=store,
        intake=GroupCommit(store=store),
        cases=cast("CaseGateway", None),
        now=lambda: NOW,
        random_bits=random.SystemRandom().getrandbits,
        secret=Secret(key=secrets.token_bytes(32)),
        access=access,
    )


def opened(city: City, account: str = "wang", post: Post = Post.STAFF, unit: str = "420102-DRAINAGE") -> str:
    """Open an account whose password was changed already; return its name."""
    open_account(
        city=city, who=KEEPER, account=account, name="王", posts=[Grant(post=post, unit=unit)], at=NOW,
        password=FIRST,
    )  # fmt: skip
    plain = replace(city, access=replace(city.access, factor_posts=frozenset()))
    step = sign_in(city=plain, account=account, password=FIRST, at=NOW)
    assert isinstance(step, MustChange)
    assert isinstance(change_expired(city=plain, token=step.token, password=PASSWORD, at=NOW), SignedIn)
    city.store.end_sessions(account=account)
    return account


def entered(step: Step) -> SignedIn:
    assert isinstance(step, SignedIn), step
    return step


def code_at(secret: str, at: datetime, steps: int = 0) -> str:
    return TOTP(secret).at(int(at.timestamp()) + 30 * steps)


def wrong_code(secret: str, at: datetime) -> str:
    right = {code_at(secret, at, steps) for steps in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


@pytest.fixture(autouse=True)
def quick_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash by argon2id as always, with the least work: these tests hash a hundred times."""
    least = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", least)
