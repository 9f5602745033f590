"""The steps of a sign-in: what is still asked of somebody whose password or provider vouched for them.

Each step waits in a row bound to one browser by a drawn token; nobody is signed in before the
last one, and a session never takes over a token the browser had before.
"""

import base64
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.account import Principal
from domain.password import TRIES, lock_after
from store.rows_people import Account, Attempt, HeldSession, Session, Waiting, WaitKind
from usecases.city import City
from usecases.deeds import note
from usecases.passwords import aged
from usecases.problems import BadRequest, ProblemCode
from usecases.second_factor import Enrolment, drawn_secret, enrolment, sealed, unsealed

PATIENCE = timedelta(minutes=10)
"""How long a sign-in waits for its next step."""
MOST_DEVICE = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """Somebody who is signed in. ``token`` is told once, when the session begins; empty later."""

    who: Principal
    csrf: str = field(repr=False)
    token: str = field(default="", repr=False)
    preferences: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FactorNeeded:
    """The code of the second factor comes next."""

    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnrolNeeded:
    """A post of theirs needs a second factor, and they have none: setting one up comes next."""

    token: str = field(repr=False)
    enrolment: Enrolment


@dataclass(frozen=True, kw_only=True, slots=True)
class MustChange:
    """The password is a first one or too old: another one comes next."""

    token: str = field(repr=False)
    account: str


Step = SignedIn | FactorNeeded | EnrolNeeded | MustChange


@dataclass(frozen=True, kw_only=True, slots=True)
class Passed:
    """What somebody has shown so far, and where. ``way`` is password, provider or demo."""

    way: str
    device: str = ""
    phone: bool = False
    strong: bool = False
    generation: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _At:
    """When, and with which token, a step begins to wait."""

    at: datetime
    token: str


def drawn_token(city: City, bits: int = 256) -> str:
    """Return a random text for a cookie or a form."""
    raw = city.random_bits(bits).to_bytes(bits // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def digest_of(token: str) -> str:
    """Return what is kept of a token: it cannot be used by whoever reads the database."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def counted(*, city: City, account: str, at: datetime) -> Attempt:
    """Count a try before it is checked. Raises BadRequest (account_locked): it is not checked."""
    unknown = city.secret.digest(purpose="unknown-account", text=account)
    found = city.store.try_sign_in(account=account, unknown=unknown, at=at, lock_after=lock_after)
    if found.locked_until is not None:
        local = found.locked_until.astimezone(ZoneInfo(city.pack.city.timezone))
        raise BadRequest(ProblemCode.ACCOUNT_LOCKED, until=f"{local:%Y-%m-%d %H:%M}")
    return found


def take_back(*, city: City, attempt: Attempt) -> None:
    """Take a counted try back: it was right."""
    if attempt.account is not None:
        city.store.take_back_try(account=attempt.account.account, unlock=attempt.count >= TRIES)


def works(*, city: City, account: Account) -> bool:
    """Tell whether an account may be used on this installation: those of the demonstration in demo mode only."""
    return city.access.demo_mode or not account.demo


def go_on(*, city: City, account: Account, passed: Passed, at: datetime, token: str = "") -> Step:
    """Return the next step of somebody who has shown this much; at the end a new session."""
    passed = replace(passed, generation=account.generation)
    moment = _At(at=at, token=token)
    if account.totp is not None and not passed.strong:
        return FactorNeeded(token=_wait(city, account, WaitKind.FACTOR, passed, moment))
    if account.totp is None and not passed.strong and city.access.needs_factor(account.grants):
        return _enrol(city, account, passed, moment)
    most = city.access.password_age
    if passed.way == "password" and aged(account=account, at=at, most=most):
        kept = _wait(city, account, WaitKind.CHANGE, passed, moment)
        return MustChange(token=kept, account=account.account)
    if token:
        city.store.take_waiting(digest=digest_of(token), at=at)
    return open_session(city=city, account=account, passed=passed, at=at)


def open_session(*, city: City, account: Account, passed: Passed, at: datetime) -> SignedIn:
    """Begin a session under a token nobody has seen before."""
    token = drawn_token(city)
    session = Session(
        digest=digest_of(token),
        account=account.account,
        generation=account.generation,
        strong=passed.strong,
        csrf=drawn_token(city),
        created_at=at,
        seen_at=at,
        expires_at=at + city.access.longest,
        idle_s=int(city.access.idle_for(held=account.grants, phone=passed.phone).total_seconds()),
        device=passed.device[:MOST_DEVICE],
    )
    city.store.open_session(session=session)
    held = HeldSession(
        session=session, name=account.name, language=account.language, preferences=account.preferences,
        disabled=False, demo=account.demo, generation=account.generation, grants=account.grants,
    )  # fmt: skip
    signed_in = signed_in_as(held, token=token)
    note(city=city, who=signed_in.who, kind="sign_in", detail={"way": passed.way, "strong": passed.strong})
    return signed_in


def signed_in_as(held: HeldSession, *, token: str = "") -> SignedIn:
    """Return whose session it is."""
    session = held.session
    who = Principal(
        account=session.account,
        name=held.name,
        grants=held.grants,
        language=held.language,
        strong=session.strong,
        session=session_id(session),
    )
    preferences = dict(held.preferences)
    return SignedIn(
        who=who, csrf=session.csrf, token=token, preferences=preferences, expires_at=session.expires_at
    )


def session_id(session: Session) -> str:
    """Return by what a session is named among those of its account; nobody can sign in with it."""
    return session.digest[:16]


def waiting_for(*, city: City, token: str, at: datetime) -> tuple[Waiting, Account, Passed]:
    """Return a sign-in under way. Raises BadRequest (sign_in_needed): begin again."""
    found = city.store.waiting(digest=digest_of(token), at=at) if token else None
    account = None if found is None or found.account is None else city.store.account(account=found.account)
    if found is None or account is None or account.disabled or not works(city=city, account=account):
        raise BadRequest(ProblemCode.SIGN_IN_NEEDED)
    passed = Passed(**found.data["passed"])
    if passed.generation != account.generation:
        raise BadRequest(ProblemCode.SIGN_IN_NEEDED)
    return found, account, passed


def enrolment_of(*, city: City, account: Account, waiting: Waiting) -> Enrolment:
    """Return the second factor that is being set up in this sign-in."""
    secret = unsealed(secret=city.secret, account=account.account, text=waiting.data["totp"])
    return enrolment(secret=secret, account=account.account, issuer=city.pack.city.name_zh)


def _wait(city: City, account: Account, kind: WaitKind, passed: Passed, moment: _At, **data: Any) -> str:
    kept = moment.token or drawn_token(city)
    shown = {
        "way": passed.way, "device": passed.device[:MOST_DEVICE], "phone": passed.phone,
        "strong": passed.strong, "generation": passed.generation,
    }  # fmt: skip
    waiting = Waiting(
        digest=digest_of(kept),
        kind=kind,
        account=account.account,
        data={"passed": shown, **data},
        expires_at=moment.at + PATIENCE,
    )
    city.store.put_waiting(waiting=waiting)
    return kept


def _enrol(city: City, account: Account, passed: Passed, moment: _At) -> EnrolNeeded:
    drawn = drawn_secret(city.random_bits)
    box = sealed(secret=city.secret, account=account.account, text=drawn, random_bits=city.random_bits)
    kept = _wait(city, account, WaitKind.ENROL, passed, moment, totp=box)
    shown = enrolment(secret=drawn, account=account.account, issuer=city.pack.city.name_zh)
    return EnrolNeeded(token=kept, enrolment=shown)
