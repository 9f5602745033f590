"""Signing in with an account and a password, its further steps, who is signed in, and signing out.

``at`` is the machine's time throughout: a demonstration's clock runs faster than a session may.
"""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from domain.account import Principal
from domain.password import TRIES, account_name, plain_account
from store.rows_people import Account, Attempt, WaitKind
from usecases.city import City
from usecases.deeds import note
from usecases.passwords import fits, former_of, hashed, new_digest, outdated
from usecases.problems import BadRequest, ProblemCode
from usecases.second_factor import UnableToUnseal, drawn_recovery, spent, step_of
from usecases.signing import (
    EnrolNeeded,
    FactorNeeded,
    MustChange,
    Passed,
    SignedIn,
    Step,
    counted,
    digest_of,
    enrolment_of,
    go_on,
    signed_in_as,
    take_back,
    waiting_for,
    works,
)

__all__ = [
    "EnrolNeeded",
    "FactorNeeded",
    "MustChange",
    "SignedIn",
    "Step",
    "change_expired",
    "check_code",
    "check_password",
    "confirm_enrolment",
    "keep_factor",
    "nobody_yet",
    "principal_of",
    "put_password",
    "show_factor",
    "sign_in",
    "sign_out",
    "step_now",
]

NOTE_SEEN = timedelta(minutes=1)
"""A session's last use is written at most that often."""
log = structlog.get_logger()


def sign_in(
    *, city: City, account: str, password: str, at: datetime, device: str = "", phone: bool = False
) -> Step:
    """Check an account's password and return the next step. Takes a tenth of a second: call it in a thread.

    ``device`` is shown among somebody's sessions, ``phone`` lets a field worker's session rest
    longer. Raises BadRequest: bad_credentials (unknown names alike), account_locked (likewise),
    account_disabled (only to whoever knows the password).
    """
    name = plain_account(account)
    if not account_name(name):
        fits(password=password, digest=None)
        raise BadRequest(ProblemCode.BAD_CREDENTIALS)
    attempt = check_password(city=city, account=name, password=password, at=at)
    found = attempt.account
    if found is None or found.disabled:
        take_back(city=city, attempt=attempt)
        raise BadRequest(ProblemCode.ACCOUNT_DISABLED)
    found = _rehashed(city, found, password)
    step = go_on(city=city, account=found, passed=Passed(way="password", device=device, phone=phone), at=at)
    if not isinstance(step, SignedIn):
        take_back(city=city, attempt=attempt)
    return step


def check_password(*, city: City, account: str, password: str, at: datetime) -> Attempt:
    """Check a password; the try stays counted until a session begins or it is taken back.

    Raises BadRequest (bad_credentials, account_locked).
    """
    attempt = counted(city=city, account=account, at=at)
    found = attempt.account
    digest = found.password if found is not None and works(city=city, account=found) else None
    if not fits(password=password, digest=digest):
        _failed(city, attempt, "password")
        raise BadRequest(ProblemCode.BAD_CREDENTIALS)
    return attempt


def show_factor(*, city: City, token: str, code: str, at: datetime) -> Step:
    """Take the code of somebody's second factor, or a recovery code. Raises BadRequest.

    sign_in_needed (it took too long), account_locked, factor_wrong.
    """
    waiting, account, passed = waiting_for(city=city, token=token, at=at)
    if waiting.kind is not WaitKind.FACTOR:
        raise BadRequest(ProblemCode.SIGN_IN_NEEDED)
    check_code(city=city, account=account, code=code, at=at)
    return go_on(city=city, account=account, passed=replace(passed, strong=True), at=at, token=token)


def check_code(*, city: City, account: Account, code: str, at: datetime) -> None:
    """Take a code; a wrong one counts as a failed try. Raises BadRequest (account_locked, factor_wrong)."""
    attempt = counted(city=city, account=account.account, at=at)
    right = False
    try:
        right = spent(store=city.store, secret=city.secret, account=account, code=code, at=at)
    except UnableToUnseal:
        log.warning("a second factor was sealed with another secret")
    if not right:
        _failed(city, attempt, "factor")
        raise BadRequest(ProblemCode.FACTOR_WRONG)
    take_back(city=city, attempt=attempt)


def confirm_enrolment(*, city: City, token: str, code: str, at: datetime) -> tuple[Step, tuple[str, ...]]:
    """Set up the second factor a post needs, with its first code; return recovery codes, shown once.

    Raises BadRequest (sign_in_needed, account_locked, factor_wrong).
    """
    waiting, account, passed = waiting_for(city=city, token=token, at=at)
    if waiting.kind is not WaitKind.ENROL or account.totp is not None:
        # One that was set up meanwhile is not replaced by whoever knows the password alone.
        raise BadRequest(ProblemCode.SIGN_IN_NEEDED)
    attempt = counted(city=city, account=account.account, at=at)
    secret = enrolment_of(city=city, account=account, waiting=waiting).secret
    step = step_of(secret=secret, code=code, at=at)
    if step is None:
        raise BadRequest(ProblemCode.FACTOR_WRONG)
    take_back(city=city, attempt=attempt)
    codes = keep_factor(city=city, account=account, sealed_secret=waiting.data["totp"], step=step)
    enrolled = city.store.account(account=account.account)
    if enrolled is None:
        raise BadRequest(ProblemCode.SIGN_IN_NEEDED)
    passed = replace(passed, strong=True)
    return go_on(city=city, account=enrolled, passed=passed, at=at, token=token), codes


def keep_factor(*, city: City, account: Account, sealed_secret: str, step: int) -> tuple[str, ...]:
    """Keep a confirmed second factor, its first code used up; return the recovery codes, shown once."""
    drawn = drawn_recovery(secret=city.secret, account=account.account, random_bits=city.random_bits)
    city.store.change_account(
        account=account.account, totp=sealed_secret, totp_step=step, recovery=drawn.digests
    )
    note(city=city, who=account.account, kind="factor_enrolled", object=account.account)
    return drawn.codes


def change_expired(*, city: City, token: str, password: str, at: datetime) -> Step:
    """Give somebody the new password they must choose. Raises BadRequest.

    sign_in_needed, password_weak, password_reused.
    """
    waiting, account, passed = waiting_for(city=city, token=token, at=at)
    if waiting.kind is not WaitKind.CHANGE:
        raise BadRequest(ProblemCode.SIGN_IN_NEEDED)
    changed = put_password(city=city, account=account, password=password, at=at)
    return go_on(city=city, account=changed, passed=passed, at=at, token=token)


def put_password(
    *, city: City, account: Account, password: str, at: datetime, must_change: bool = False
) -> Account:
    """Give an account another password, which ends its sessions. Raises BadRequest (password_weak, password_reused)."""
    digest = new_digest(account=account, password=password)
    city.store.change_account(
        account=account.account,
        end_sessions=True,
        password=digest,
        former=former_of(account),
        password_at=at,
        must_change=must_change,
    )
    note(city=city, who=account.account, kind="password_changed", object=account.account)
    found = city.store.account(account=account.account)
    if found is None:
        raise BadRequest(ProblemCode.ACCOUNT_NOT_FOUND, account=account.account)
    return found


def step_now(*, city: City, token: str, at: datetime) -> Step | None:
    """Return what a sign-in under way waits for, so that a reloaded page shows it again; None: begin again."""
    try:
        waiting, account, _ = waiting_for(city=city, token=token, at=at)
    except BadRequest:
        return None
    if waiting.kind is WaitKind.ENROL:
        shown = enrolment_of(city=city, account=account, waiting=waiting)
        return EnrolNeeded(token=token, enrolment=shown)
    if waiting.kind is WaitKind.CHANGE:
        return MustChange(token=token, account=account.account)
    return FactorNeeded(token=token)


def nobody_yet(*, city: City) -> bool:
    """Tell whether this installation has no account at all, so that a first one must be made on the server."""
    return not city.access.demo_mode and not city.store.has_accounts()


def principal_of(*, city: City, token: str, at: datetime, present: bool = True) -> SignedIn | None:
    """Return who is signed in with this token: one statement. None: nobody, or not any more.

    ``present`` False: a page asks by itself, which does not show that somebody sits before it.
    """
    digest = digest_of(token)
    held = city.store.held_session(digest=digest)
    if held is None or held.disabled or (held.demo and not city.access.demo_mode):
        return None
    session = held.session
    idle_until = session.seen_at + timedelta(seconds=session.idle_s)
    if session.generation != held.generation or at >= min(session.expires_at, idle_until):
        return None
    if not session.strong and not held.demo and city.access.needs_factor(held.grants):
        return None  # a post that needs the second factor was given after this session began
    if present and at - session.seen_at >= NOTE_SEEN:
        # A page is worth more than this note.
        with contextlib.suppress(Exception):
            city.store.session_seen(digest=digest, at=at, before=at - NOTE_SEEN)
    return signed_in_as(held)


def sign_out(*, city: City, who: Principal, token: str) -> None:
    """End a session."""
    if city.store.end_session(digest=digest_of(token)):
        note(city=city, who=who, kind="sign_out")


def _rehashed(city: City, account: Account, password: str) -> Account:
    """Keep a password under today's parameters of its hashing."""
    if account.password is None or not outdated(account.password):
        return account
    digest = hashed(password)
    city.store.change_account(account=account.account, password=digest)
    return replace(account, password=digest)


def _failed(city: City, attempt: Attempt, what: str) -> None:
    """Note a failure of an account there is. What was typed as a name otherwise may be a password."""
    if attempt.account is not None:
        detail = {"what": what, "count": attempt.count, "locked": attempt.count >= TRIES}
        note(city=city, who=attempt.account.account, kind="sign_in_failed", detail=detail)
