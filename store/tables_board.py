"""Tables of the board: screens on walls that may show it without anybody signed in. The store's own."""

from sqlalchemy import Column, Table, Text

from store.codec import Utc
from store.tables import _PLAIN, metadata

# A screen shows the wall by a token of its own; only the token's digest is kept.
screens = Table(
    "screens",
    metadata,
    Column("screen_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("scope", _PLAIN, nullable=False),  # domain.scope.CaseScope
    Column("made_by", Text, nullable=False),  # an account
    Column("made_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("ended_at", Utc),
)
