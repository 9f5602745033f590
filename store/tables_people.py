"""Tables of people: accounts with their posts, sessions, sign-ins under way, and the log of what they did. The store's own."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from store.codec import Utc
from store.tables import _PLAIN, _SERIAL, _count, _texts, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="zh"),
    Column("password", Text),  # argon2id, with its parameters; None: signs in by the identity provider only
    _texts("former"),  # the last ones, which may not come back
    Column("password_at", Utc),
    Column("must_change", Boolean, nullable=False, server_default=false()),
    _count("failures"),
    Column("locked_until", Utc),
    Column("totp", Text),  # sealed with the installation's secret; None: no second factor
    Column("totp_step", Integer),  # the last time step used: a code counts once
    _texts("recovery"),  # digests of codes not used yet
    Column("subject", Text),  # issuer and subject at the identity provider
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("preferences", _PLAIN, nullable=False, server_default="{}"),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc),
    _count("generation"),  # one more ends every session
    Column("demo", Boolean, nullable=False, server_default=false()),  # works in demo mode only
    UniqueConstraint("subject"),
)

grants = Table(
    "grants",
    metadata,
    Column("account", Text, ForeignKey("accounts.account"), nullable=False),
    Column("post", Text, nullable=False),
    Column("unit", Text, nullable=False),
    _texts("areas"),
    PrimaryKeyConstraint("account", "post", "unit"),
    Index(None, "unit"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),  # of what the cookie holds
    Column("account", Text, ForeignKey("accounts.account"), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("strong", Boolean, nullable=False, server_default=false()),
    Column("csrf", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("idle_s", Integer, nullable=False),  # ends when it was not seen for so long
    Column("device", Text, nullable=False, server_default=""),
    Index(None, "account"),
    Index(None, "expires_at"),
)

# What waits for the next step of a sign-in, and failures under names nobody has.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # store.rows_people.WaitKind
    Column("account", Text),
    Column("data", _PLAIN, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Index(None, "expires_at"),
)

deeds = Table(
    "deeds",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("object", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("detail", _PLAIN, nullable=False, server_default="{}"),
    Index(None, "account", "id"),
    Index(None, "kind", "id"),
    Index(None, "object", "id"),
    sqlite_autoincrement=True,
)
