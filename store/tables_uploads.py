"""The table of uploads under way: photos that arrive in pieces over a weak line. The store's own."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, false

from store.codec import Utc
from store.tables import _PLAIN, metadata

# The pieces lie in a file of the media folder until all of them are there; then the photo is an
# attachment under the number drawn for it at the start, so that ending an upload twice is once.
uploads = Table(
    "uploads",
    metadata,
    Column("upload_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("case_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("media_type", Text, nullable=False, server_default=""),
    Column("size", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),  # of the whole, named before the first piece
    Column("received", Integer, nullable=False, server_default="0"),  # bytes, from the beginning
    Column("said", _PLAIN, nullable=False),  # position and time as the phone says
    Column("attachment", Text, nullable=False),
    Column("done", Boolean, nullable=False, server_default=false()),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    UniqueConstraint("account", "case_no", "kind", "digest"),
    Index(None, "updated_at"),
)
