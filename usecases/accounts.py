"""Opening and closing accounts, giving posts, setting passwords and second factors back: the security administrator's."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.account import ADMINISTRATORS, Grant, Permission, Post, Principal
from domain.password import account_name, plain_account
from store.rows_people import Account, Session, UnableToAddAccount, UnableToLeaveNobody
from usecases.city import City
from usecases.deeds import note
from usecases.passwords import former_of, hashed, new_digest
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode
from usecases.texts import refuse_controls

KEEPER = Post.SECURITY_ADMIN
"""Somebody must always hold this post, or nobody could give posts any more."""
MOST_NAME = 60
MOST_GRANTS = 20
MOST_AREAS = 50
_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def listed(*, city: City, who: Principal) -> list[Account]:
    """Return all accounts with their posts, by name. Raises BadRequest (not_permitted)."""
    permit(who, Permission.ACCOUNTS)
    return city.store.accounts()


def found(
    *, city: City, who: Principal, text: str = "", post: str = "", state: str = "", at: datetime
) -> list[Account]:
    """Return the accounts whose name or unit holds a text, with a post, in a state; by name.

    ``state`` is open, closed, locked, or empty for any. Raises BadRequest (not_permitted).
    """
    wanted = text.strip().lower()
    return [
        one
        for one in listed(city=city, who=who)
        if (not wanted or wanted in _words(city, one))
        and (not post or any(grant.post.value == post for grant in one.grants))
        and (not state or state in _states(one, at))
    ]


def _states(account: Account, at: datetime) -> frozenset[str]:
    locked = account.locked_until is not None and account.locked_until > at
    return frozenset({"closed" if account.disabled else "open", *(("locked",) if locked else ())})


def _words(city: City, account: Account) -> str:
    units = [city.pack.tree.find(grant.unit) for grant in account.grants]
    names = [f"{unit.code} {unit.name_zh} {unit.name_en}" for unit in units if unit is not None]
    return " ".join((account.account, account.name, *names)).lower()


def no_post(given: str) -> BadRequest:
    """Return what is wrong with a post there is not."""
    return BadRequest(ProblemCode.BAD_GRANT, detail=f"无此岗位 / no post {given[:40]}")


def account_shown(*, city: City, who: Principal, account: str) -> Account:
    """Return one account. Raises BadRequest (not_permitted, account_not_found)."""
    permit(who, Permission.ACCOUNTS)
    return _found(city, account)


def sessions_of(*, city: City, who: Principal, account: str, at: datetime) -> list[Session]:
    """Return where somebody is signed in. Raises BadRequest (not_permitted, account_not_found)."""
    permit(who, Permission.ACCOUNTS)
    return city.store.sessions_of(account=_found(city, account).account, at=at)


def open_account(
    *,
    city: City,
    who: Principal,
    account: str,
    name: str,
    posts: Sequence[Grant],
    at: datetime,
    password: str | None = None,
    language: str = "zh",
    subject: str | None = None,
) -> str:
    """Open an account and return its first password, told once; it must be changed at the first sign-in.

    Without ``password`` one is drawn. ``subject`` is who it is at the identity provider. Raises
    BadRequest: not_permitted, bad_account, account_exists, bad_grant, post_conflict, password_weak.
    """
    permit(who, Permission.ACCOUNTS)
    named = plain_account(account)
    if not account_name(named):
        raise BadRequest(ProblemCode.BAD_ACCOUNT, account=account[:80])
    grants = checked(city=city, grants=posts)
    refuse_controls(field="name", text=name)
    new = Account(
        account=named, name=name.strip()[:MOST_NAME] or named, language=language, must_change=True,
        password_at=at, created_at=at, grants=grants, subject=linked_as(city=city, subject=subject),
    )  # fmt: skip
    first, digest = _first_password(city, new, password)
    try:
        city.store.add_account(account=replace(new, password=digest))
    except UnableToAddAccount as error:
        raise BadRequest(ProblemCode.ACCOUNT_EXISTS, account=named) from error
    posts_given = [_text(grant) for grant in grants]
    note(city=city, who=who, kind="account_opened", object=named, detail={"posts": posts_given})
    return first


def close_account(*, city: City, who: Principal, account: str, reason: str = "") -> None:
    """Close an account and end its sessions; it stays in the books. Raises BadRequest.

    not_permitted, account_not_found, last_keeper.
    """
    permit(who, Permission.ACCOUNTS)
    named = _found(city, account).account
    try:
        city.store.close_account(account=named, keep=KEEPER, demo=city.access.demo_mode)
    except UnableToLeaveNobody as error:
        raise BadRequest(ProblemCode.LAST_KEEPER) from error
    note(city=city, who=who, kind="account_closed", object=named, reason=reason)


def reopen_account(*, city: City, who: Principal, account: str, reason: str = "") -> None:
    """Open a closed account again. Raises BadRequest (not_permitted, account_not_found)."""
    permit(who, Permission.ACCOUNTS)
    named = _found(city, account).account
    city.store.change_account(account=named, disabled=False, failures=0, locked_until=None)
    note(city=city, who=who, kind="account_reopened", object=named, reason=reason)


def unlock_account(*, city: City, who: Principal, account: str) -> None:
    """End the lock that failures brought. Raises BadRequest (not_permitted, account_not_found)."""
    permit(who, Permission.ACCOUNTS)
    named = _found(city, account).account
    city.store.change_account(account=named, failures=0, locked_until=None)
    note(city=city, who=who, kind="account_unlocked", object=named)


def give_post(*, city: City, who: Principal, account: str, grant: Grant) -> tuple[Grant, ...]:
    """Give somebody a post, or other areas for one they have; return all of theirs.

    Raises BadRequest: not_permitted, account_not_found, bad_grant, post_conflict.
    """
    permit(who, Permission.ACCOUNTS)
    named = _found(city, account).account

    def more(held: tuple[Grant, ...]) -> tuple[Grant, ...]:
        others = tuple(one for one in held if (one.post, one.unit) != (grant.post, grant.unit))
        return checked(city=city, grants=(*others, grant))

    found = _regrant(city, named, more)
    note(city=city, who=who, kind="post_given", object=named, detail={"post": _text(grant)})
    return found


def take_post(*, city: City, who: Principal, account: str, post: Post, unit: str) -> tuple[Grant, ...]:
    """Take a post away; return what is left. Raises BadRequest.

    not_permitted, account_not_found, bad_grant (they do not have it), last_keeper.
    """
    permit(who, Permission.ACCOUNTS)
    named = _found(city, account).account

    def fewer(held: tuple[Grant, ...]) -> tuple[Grant, ...]:
        left = tuple(one for one in held if (one.post, one.unit) != (post, unit))
        if len(left) == len(held):
            raise BadRequest(ProblemCode.BAD_GRANT, detail=f"{named}: – {post.value} {unit[:60]}")
        return left

    found = _regrant(city, named, fewer)
    note(city=city, who=who, kind="post_taken", object=named, detail={"post": f"{post.value} {unit}"})
    return found


def reset_password(
    *, city: City, who: Principal, account: str, at: datetime, password: str | None = None
) -> str:
    """Give somebody a first password again and return it, told once; their sessions end.

    Without ``password`` one is drawn. Raises BadRequest: not_permitted, account_not_found,
    password_weak, password_reused.
    """
    permit(who, Permission.ACCOUNTS)
    found = _found(city, account)
    first, digest = _first_password(city, found, password)
    city.store.change_account(
        account=found.account, end_sessions=True, password=digest, former=former_of(found), password_at=at,
        must_change=True, failures=0, locked_until=None,
    )  # fmt: skip
    note(city=city, who=who, kind="password_reset", object=found.account)
    return first


def reset_factor(*, city: City, who: Principal, account: str, reason: str = "") -> None:
    """Take somebody's second factor away: their phone is gone. Their sessions end. Raises BadRequest.

    not_permitted, account_not_found.
    """
    permit(who, Permission.ACCOUNTS)
    named = _found(city, account).account
    city.store.change_account(account=named, end_sessions=True, totp=None, totp_step=None, recovery=())
    note(city=city, who=who, kind="factor_reset", object=named, reason=reason)


def link_subject(*, city: City, who: Principal, account: str, subject: str | None) -> None:
    """Say who somebody is at the identity provider; None: nobody any more. Raises BadRequest.

    not_permitted, account_not_found, account_exists (it is linked to another account).
    """
    permit(who, Permission.ACCOUNTS)
    named = _found(city, account).account
    try:
        city.store.change_account(account=named, subject=linked_as(city=city, subject=subject))
    except UnableToAddAccount as error:
        raise BadRequest(ProblemCode.ACCOUNT_EXISTS, account=named) from error
    note(city=city, who=who, kind="account_linked", object=named, detail={"linked": bool(subject)})


def linked_as(*, city: City, subject: str | None) -> str | None:
    """Return how a subject of the installation's provider is kept. Raises BadRequest (bad_grant)."""
    given = (subject or "").strip()
    if not given:
        return None
    provider = city.access.provider
    if provider is None:
        raise BadRequest(
            ProblemCode.BAD_GRANT, detail="无统一身份认证 / no identity provider (CITYOPS_OIDC__ISSUER)"
        )
    refuse_controls(field="subject", text=given)
    return f"{provider.issuer} {given[:255]}"


def checked(*, city: City, grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return posts that may stand together. Raises BadRequest (bad_grant, post_conflict)."""
    found = tuple(dict.fromkeys(grants))
    if len(found) > MOST_GRANTS:
        raise BadRequest(ProblemCode.BAD_GRANT, detail=f"> {MOST_GRANTS}")
    for grant in found:
        if city.pack.tree.find(grant.unit) is None:
            raise BadRequest(ProblemCode.BAD_GRANT, detail=f"无此单位 / no unit {grant.unit[:60]}")
        if len(grant.areas) > MOST_AREAS:
            raise BadRequest(ProblemCode.BAD_GRANT, detail=f"区域过多 / more than {MOST_AREAS} areas")
        unknown = [code for code in grant.areas if not _area(city, code)]
        if unknown:
            raise BadRequest(ProblemCode.BAD_GRANT, detail=f"无此区域 / no area {unknown[0][:60]}")
    if len(found) > 1 and any(grant.post in ADMINISTRATORS for grant in found):
        raise BadRequest(ProblemCode.POST_CONFLICT)
    return found


def _area(city: City, code: str) -> bool:
    """Tell whether there is such an area, or functional zone."""
    tree = city.pack.tree
    return city.pack.areas.get(code) is not None or any(unit.area_code == code for unit in tree.explicit)


def _first_password(city: City, account: Account, given: str | None) -> tuple[str, str]:
    """Return a first password and its digest: the one given, or one drawn (over 90 bits)."""
    if given is not None:
        return given, new_digest(account=account, password=given)
    groups = ["".join(_letter(city) for _ in range(4)) for _ in range(4)]
    drawn = "-".join(groups)
    return drawn, hashed(drawn)


def _letter(city: City) -> str:
    # Without the remainder's favour for the first letters: what lies above is drawn again.
    while (drawn := city.random_bits(6)) >= len(_LETTERS):
        pass
    return _LETTERS[drawn]


def _found(city: City, account: str) -> Account:
    named = plain_account(account)
    found = city.store.account(account=named) if account_name(named) else None
    if found is None:
        raise BadRequest(ProblemCode.ACCOUNT_NOT_FOUND, account=account[:80])
    return found


def _regrant(
    city: City, account: str, change: Callable[[tuple[Grant, ...]], tuple[Grant, ...]]
) -> tuple[Grant, ...]:
    try:
        found = city.store.change_grants(
            account=account, change=change, keep=KEEPER, demo=city.access.demo_mode
        )
    except UnableToLeaveNobody as error:
        raise BadRequest(ProblemCode.LAST_KEEPER) from error
    if found is None:
        raise BadRequest(ProblemCode.ACCOUNT_NOT_FOUND, account=account)
    return found


def _text(grant: Grant) -> str:
    return " ".join((grant.post.value, grant.unit, *grant.areas))
