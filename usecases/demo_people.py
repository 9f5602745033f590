"""The people of a demonstration: in demo mode only, with one password that its pages show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.account import POSTS, Grant, Post
from domain.org import OrgTree
from domain.pack import COMMAND
from store.engine import Store
from store.rows_people import Account, UnableToAddAccount
from usecases.city import City
from usecases.passwords import hashed
from usecases.problems import BadRequest, ProblemCode
from usecases.signing import Passed, SignedIn, open_session

DEMO_PASSWORD = "cityops-demo"  # noqa: S105 - shown on every sign-in page of a demonstration, works nowhere else


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoPerson:
    """Somebody of the demonstration. Names are made up."""

    account: str
    name: str
    grant: Grant


def one_of_each(*, tree: OrgTree) -> tuple[DemoPerson, ...]:
    """Return one person for each post, at the city's command centre, for a pack that names nobody."""
    roots = [unit for unit in tree.explicit if unit.kind == COMMAND and not unit.parent] or tree.explicit[:1]
    if not roots:
        return ()
    return tuple(
        DemoPerson(
            account=post.value.replace("_", "."),
            name=POSTS[post].zh,
            grant=Grant(post=post, unit=roots[0].code),
        )
        for post in Post
    )


def publish_demo_people(*, store: Store, people: Sequence[DemoPerson], at: datetime) -> int:
    """Open the accounts of the demonstration that are not there yet; return how many were missing.

    Those that a start outside demo mode closed work again, with the demonstration's password.
    An account a person opened under the same name stays theirs.
    """
    known = {one.account: one for one in store.accounts()}
    missing = [one for one in people if one.account not in known]
    closed = [one for one in known.values() if one.demo and one.disabled]
    if not missing and not closed:
        return 0
    digest = hashed(DEMO_PASSWORD)
    for account in closed:
        store.change_account(account=account.account, disabled=False, password=digest, must_change=False)
    return sum(_added(store, one, digest, at) for one in missing)


def demo_people(*, city: City) -> tuple[Account, ...]:
    """Return whom the sign-in page offers, by post and name; nobody outside demo mode."""
    if not city.access.demo_mode:
        return ()
    order = list(Post)
    found = [one for one in city.store.accounts() if one.demo and not one.disabled and one.grants]
    return tuple(sorted(found, key=lambda one: (order.index(one.grants[0].post), one.account)))


def sign_in_as(*, city: City, account: str, at: datetime, device: str = "", phone: bool = False) -> SignedIn:
    """Sign in as somebody of the demonstration without a word. Raises BadRequest (bad_credentials)."""
    found = city.store.account(account=account) if city.access.demo_mode else None
    if found is None or not found.demo or found.disabled:
        raise BadRequest(ProblemCode.BAD_CREDENTIALS)
    passed = Passed(way="demo", device=device, phone=phone)
    return open_session(city=city, account=found, passed=passed, at=at)


def _added(store: Store, one: DemoPerson, digest: str, at: datetime) -> bool:
    account = Account(
        account=one.account, name=one.name, password=digest, password_at=at, created_at=at,
        grants=(one.grant,), demo=True,
    )  # fmt: skip
    try:
        store.add_account(account=account)
    except UnableToAddAccount:
        return False  # another process was first
    return True
