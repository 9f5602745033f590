"""Who can sign in after a start: a demonstration's people in demo mode, nobody of them outside it."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog

from boot.settings import Settings
from domain.account import Grant, Post
from domain.pack import CityPack
from store.engine import Store
from store.pack import load as load_pack
from usecases.access import Access, Provider
from usecases.demo_people import DemoPerson, one_of_each, publish_demo_people

log = structlog.get_logger()


class UnableToReadPeople(ValueError):
    """A line of the pack's demo/people.csv names no post, or a unit that is not there."""


def publish_people(*, settings: Settings, store: Store) -> None:
    """Make the accounts of the demonstration, or close those that an earlier start in demo mode left."""
    if settings.demo_mode:
        people = read_people(folder=settings.pack, pack=load_pack(folder=settings.pack))
        publish_demo_people(store=store, people=people, at=datetime.now(UTC))
    elif closed := store.close_demo_accounts():
        log.warning("accounts of a demonstration closed", count=closed)
    if not settings.demo_mode and not store.has_accounts():
        log.warning("nobody can sign in yet: cityops account add NAME --post security_admin")


def read_people(*, folder: Path, pack: CityPack) -> tuple[DemoPerson, ...]:
    """Return whom a pack's demonstration knows. Raises UnableToReadPeople."""
    path = folder / "demo" / "people.csv"
    return tuple(_rows(path, pack)) if path.exists() else one_of_each(tree=pack.tree)


def _rows(path: Path, pack: CityPack) -> Iterator[DemoPerson]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            unit = row["unit"].strip()
            if row["post"] not in {post.value for post in Post} or pack.tree.find(unit) is None:
                raise UnableToReadPeople(f"{path.name}: {row['account']}: {row['post']} {unit}")
            areas = tuple(row["areas"].split())
            grant = Grant(post=Post(row["post"]), unit=unit, areas=areas)
            yield DemoPerson(account=row["account"], name=row["name_zh"], grant=grant)


def access_of(settings: Settings) -> Access:
    """Return how people are let in."""
    given, oidc = settings.sign_in, settings.oidc
    return Access(
        demo_mode=settings.demo_mode,
        password_age=given.password_age,
        idle=given.idle,
        phone_idle=given.phone_idle,
        longest=given.longest,
        factor_posts=frozenset() if settings.demo_mode else frozenset(given.factor_posts),
        public_url=settings.public_url.rstrip("/"),
        provider=None
        if not oidc.issuer
        else Provider(
            issuer=oidc.issuer,
            client_id=oidc.client_id,
            client_secret=oidc.client_secret.get_secret_value(),
            scopes=tuple(oidc.scopes.split()),
            claim=oidc.account_claim,
            algorithms=tuple(oidc.algorithms.split()),
            second_factor=oidc.second_factor,
            names={"zh": oidc.name_zh, "en": oidc.name_en},
        ),
    )
