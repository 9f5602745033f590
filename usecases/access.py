"""How people are let in: what the installation has set. All times of sign-ins are the machine's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from domain.account import ADMINISTRATORS, Grant, Post

FACTOR_POSTS = ADMINISTRATORS | {Post.CITY_SUPERVISOR, Post.DISTRICT_SUPERVISOR}
"""Posts that need a second factor unless the installation says otherwise; none in demo mode."""
FIELD_POSTS = frozenset({Post.STAFF, Post.LEADER, Post.GRID_WORKER, Post.CHECKER})
"""Posts worked on a phone in the street: their sessions there may rest longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """The city's own identity provider (OpenID Connect).

    ``claim`` is the verified claim whose value is the name of one of our accounts; empty: only
    subjects the security administrator named are linked. ``second_factor``: the provider asks
    for one itself. ``names`` is what the button says, by language.
    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ("openid", "profile")
    claim: str = ""
    algorithms: tuple[str, ...] = ("RS256", "ES256", "PS256", "EdDSA")
    second_factor: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What the installation has set. ``password_age`` zero: passwords do not age."""

    demo_mode: bool = False
    password_age: timedelta = timedelta(days=90)
    idle: timedelta = timedelta(minutes=30)
    phone_idle: timedelta = timedelta(hours=8)
    longest: timedelta = timedelta(hours=12)
    factor_posts: frozenset[Post] = FACTOR_POSTS
    provider: Provider | None = None
    public_url: str = "http://127.0.0.1:8000"

    def needs_factor(self, held: tuple[Grant, ...]) -> bool:
        """Tell whether somebody with these posts must show a second factor."""
        return any(grant.post in self.factor_posts for grant in held)

    def idle_for(self, *, held: tuple[Grant, ...], phone: bool) -> timedelta:
        """Return how long a session may rest."""
        in_field = bool(held) and all(grant.post in FIELD_POSTS for grant in held)
        return max(self.idle, self.phone_idle) if phone and in_field else self.idle
