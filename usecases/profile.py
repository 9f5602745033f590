"""What somebody changes about their own account: password, second factor, sessions, how pages look to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.account import Principal
from store.rows_people import Account, Session, Waiting, WaitKind
from usecases.city import City
from usecases.deeds import note
from usecases.problems import BadRequest, ProblemCode
from usecases.second_factor import Enrolment, drawn_secret, enrolment, sealed, step_of, unsealed
from usecases.sign_in import check_code, check_password, keep_factor, put_password
from usecases.signing import (
    Passed,
    SignedIn,
    counted,
    digest_of,
    open_session,
    session_id,
    take_back,
    works,
)

SETTING_UP = timedelta(minutes=30)
LANGUAGES = ("zh", "en")
PREFERENCES: Mapping[str, tuple[str, ...]] = {"theme": ("auto", "light", "dark"), "keys": ("on", "off")}
"""What somebody may prefer, and the values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """An account as its owner sees it; ``here`` is the session they ask in."""

    account: Account
    sessions: tuple[Session, ...]
    here: str
    factor_needed: bool


def profile(*, city: City, who: Principal, at: datetime) -> Profile:
    """Return somebody's own account. Raises BadRequest (sign_in_needed)."""
    account = _own(city, who)
    return Profile(
        account=account,
        sessions=tuple(city.store.sessions_of(account=who.account, at=at)),
        here=who.session,
        factor_needed=city.access.needs_factor(account.grants),
    )


def change_password(*, city: City, who: Principal, old: str, new: str, at: datetime) -> SignedIn:
    """Change one's password: all sessions end, a new one begins. Raises BadRequest.

    bad_credentials (the old one is wrong), account_locked, password_weak, password_reused.
    """
    here = next((one for one in city.store.sessions_of(account=who.account, at=at) if _here(one, who)), None)
    take_back(city=city, attempt=check_password(city=city, account=who.account, password=old, at=at))
    changed = put_password(city=city, account=_own(city, who), password=new, at=at)
    passed = Passed(way="password", device="" if here is None else here.device, strong=who.strong)
    return open_session(city=city, account=changed, passed=passed, at=at)


def begin_factor(*, city: City, who: Principal, password: str, at: datetime) -> Enrolment:
    """Begin to set up a second factor; it counts once its first code was shown. Raises BadRequest.

    bad_credentials, account_locked.
    """
    take_back(city=city, attempt=check_password(city=city, account=who.account, password=password, at=at))
    drawn = drawn_secret(city.random_bits)
    box = sealed(secret=city.secret, account=who.account, text=drawn, random_bits=city.random_bits)
    waiting = Waiting(
        digest=_setting_up(who),
        kind=WaitKind.ENROL,
        account=None,
        data={"totp": box},
        expires_at=at + SETTING_UP,
    )
    city.store.put_waiting(waiting=waiting)
    return enrolment(secret=drawn, account=who.account, issuer=city.pack.city.name_zh)


def factor_begun(*, city: City, who: Principal, at: datetime) -> Enrolment | None:
    """Return the second factor somebody is setting up, or None."""
    found = city.store.waiting(digest=_setting_up(who), at=at)
    if found is None:
        return None
    secret = unsealed(secret=city.secret, account=who.account, text=found.data["totp"])
    return enrolment(secret=secret, account=who.account, issuer=city.pack.city.name_zh)


def confirm_factor(*, city: City, who: Principal, code: str, at: datetime) -> tuple[str, ...]:
    """Take the first code; return the recovery codes, told once. Raises BadRequest (factor_wrong, account_locked)."""
    found = city.store.waiting(digest=_setting_up(who), at=at)
    attempt = counted(city=city, account=who.account, at=at)
    step = None
    if found is not None:
        secret = unsealed(secret=city.secret, account=who.account, text=found.data["totp"])
        step = step_of(secret=secret, code=code, at=at)
    if found is None or step is None:
        raise BadRequest(ProblemCode.FACTOR_WRONG)
    take_back(city=city, attempt=attempt)
    city.store.take_waiting(digest=found.digest, at=at)
    return keep_factor(city=city, account=_own(city, who), sealed_secret=found.data["totp"], step=step)


def drop_factor(*, city: City, who: Principal, code: str, at: datetime) -> None:
    """Give the second factor up, with one of its codes. Raises BadRequest.

    factor_needed (a post of theirs must have one), factor_wrong, account_locked.
    """
    account = _own(city, who)
    if city.access.needs_factor(account.grants):
        raise BadRequest(ProblemCode.FACTOR_NEEDED)
    check_code(city=city, account=account, code=code, at=at)
    city.store.change_account(account=who.account, totp=None, totp_step=None, recovery=())
    note(city=city, who=who, kind="factor_dropped", object=who.account)


def end_other_sessions(*, city: City, who: Principal, at: datetime) -> int:
    """End one's sessions but the one asked in; return how many."""
    held = city.store.sessions_of(account=who.account, at=at)
    here = next((one.digest for one in held if _here(one, who)), "")
    ended = city.store.end_sessions(account=who.account, but=here)
    note(city=city, who=who, kind="sessions_ended", object=who.account, detail={"count": ended})
    return ended


def prefer(*, city: City, who: Principal, language: str, preferences: Mapping[str, str]) -> None:
    """Keep how pages look to somebody. Raises BadRequest (invalid_parameter) for what there is not."""
    wrong = [name for name, value in preferences.items() if value not in PREFERENCES.get(name, ())]
    if wrong or language not in LANGUAGES:
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    city.store.prefer(account=who.account, language=language, preferences=dict(preferences))


def _own(city: City, who: Principal) -> Account:
    found = city.store.account(account=who.account)
    if found is None or found.disabled or not works(city=city, account=found):
        raise BadRequest(ProblemCode.SIGN_IN_NEEDED)
    return found


def _here(session: Session, who: Principal) -> bool:
    return bool(who.session) and session_id(session) == who.session


def _setting_up(who: Principal) -> str:
    return digest_of(f"factor:{who.account}:{who.session}")
