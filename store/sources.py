"""Sources and their keys, and the ids of the signed messages that were taken.

All times here are the machine's: keys, quotas and signatures concern the real world, whose
time a demonstration does not run faster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, or_, select

from domain.source import KeyKind, Source, SourceKey, WireFormat
from store.database import Database, insert_into
from store.tables_sources import source_keys, sources, webhook_ids

MOST_ACTIVE = 2
"""Keys of one kind a source has at once: the one in use, and the one it changes to."""


class UnableToAddKey(ValueError):
    """The source has no room for one more key, or does not exist."""


class UnableToTakeTwice(ValueError):
    """A signed message of this id was taken before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyHeld:
    """A key with the source it belongs to."""

    key: SourceKey
    source: Source


class Sources(Database):
    """The part of the store that knows who may send us something."""

    def publish_sources(self, *, sources: Sequence[Source], at: datetime) -> tuple[str, ...]:
        """Add the sources that are not there yet; return their names. Those that are stay as they are."""
        return self._write(
            lambda connection: tuple(
                one.name for one in sources if _added(connection, one, at, sqlite=self._sqlite)
            )
        )

    def put_source(self, *, source: Source, at: datetime) -> Source:
        """Add a source or change all of it; return it as it is kept.

        A changed mapping raises its version by one, whatever version was given.
        """
        return self._write(lambda connection: _put(connection, source, at, sqlite=self._sqlite))

    def put_mapping(
        self, *, name: str, mapping: Mapping[str, str] | None, severities: Mapping[str, int] | None
    ) -> Source | None:
        """Give a source another mapping or table of severities, and nothing else; None leaves one as it is.

        A change raises its version by one. Return the source as it is kept, None when there is none.
        """

        def work(connection: Connection) -> Source | None:
            held = select(sources).where(sources.c.name == name).with_for_update()
            row = connection.execute(held).mappings().one_or_none()
            if row is None:
                return None
            old = _source(row)
            new = replace(
                old,
                mapping=old.mapping if mapping is None else mapping,
                severities=old.severities if severities is None else severities,
            )
            return _put(connection, new, old.created_at, sqlite=self._sqlite)

        return self._write(work)

    def source(self, *, name: str) -> Source | None:
        """Return a source, a disabled one included, or None."""
        return self._read(lambda connection: _source_row(connection, name))

    def sources(self) -> list[Source]:
        """Return all sources by name."""
        statement = select(sources).order_by(sources.c.name)
        return self._read(
            lambda connection: [_source(row) for row in connection.execute(statement).mappings()]
        )

    def enable_source(self, *, name: str, enabled: bool) -> bool:
        """Let a source in or keep it out; return False when there is none of this name."""
        statement = sources.update().where(sources.c.name == name).values(enabled=enabled)
        return self._write(lambda connection: connection.execute(statement).rowcount == 1)

    def add_key(self, *, key: SourceKey) -> None:
        """Keep a new key. Raises UnableToAddKey when two of its kind are active, or for no source."""
        self._write(lambda connection: _add_key(connection, key))

    def keys(self, *, source: str) -> list[SourceKey]:
        """Return all keys of a source, oldest first, revoked and expired ones included."""
        statement = (
            select(source_keys)
            .where(source_keys.c.source == source)
            .order_by(source_keys.c.created_at, source_keys.c.id)
        )
        return self._read(lambda connection: [_key(row) for row in connection.execute(statement).mappings()])

    def held_key(self, *, key_id: str) -> KeyHeld | None:
        """Return a key with its source, or None."""
        found = self._held_keys(source_keys.c.id == key_id)
        return found[0] if found else None

    def webhook_keys(self, *, source: str, at: datetime) -> list[KeyHeld]:
        """Return the active webhook keys of a source, oldest first."""
        found = self._held_keys(
            and_(source_keys.c.source == source, source_keys.c.kind == KeyKind.WEBHOOK.value)
        )
        return [held for held in found if held.key.active(at)]

    def revoke_key(self, *, key_id: str, at: datetime) -> bool:
        """End a key at once; return False when there is none, True also when it was ended before."""
        ended = source_keys.update().where(source_keys.c.id == key_id, source_keys.c.revoked_at.is_(None))
        known = select(source_keys.c.id).where(source_keys.c.id == key_id)

        def work(connection: Connection) -> bool:
            connection.execute(ended.values(revoked_at=at))
            return connection.execute(known).first() is not None

        return self._write(work)

    def key_used(self, *, key_id: str, at: datetime, before: datetime) -> None:
        """Note that a key was used, unless that was noted later than ``before``."""
        last = source_keys.c.last_used_at
        statement = source_keys.update().where(
            source_keys.c.id == key_id, or_(last.is_(None), last <= before)
        )
        self._write(lambda connection: connection.execute(statement.values(last_used_at=at)))

    def webhook_taken(self, *, source: str, webhook_id: str) -> bool:
        """Tell whether a signed message of this id was taken."""
        statement = select(webhook_ids.c.webhook_id).where(
            webhook_ids.c.source == source, webhook_ids.c.webhook_id == webhook_id
        )
        return self._read(lambda connection: connection.execute(statement).first() is not None)

    def forget_webhooks(self, *, before: datetime) -> int:
        """Drop the ids of messages taken before a time; return how many."""
        statement = webhook_ids.delete().where(webhook_ids.c.received_at < before)
        return self._write(lambda connection: connection.execute(statement).rowcount)

    def _held_keys(self, condition: Any) -> list[KeyHeld]:
        """Read keys and their sources in one snapshot."""
        wanted = select(source_keys).where(condition).order_by(source_keys.c.created_at, source_keys.c.id)

        def work(connection: Connection) -> list[KeyHeld]:
            keys = [_key(row) for row in connection.execute(wanted).mappings()]
            names = select(sources).where(sources.c.name.in_({key.source for key in keys}))
            owners = {row["name"]: _source(row) for row in connection.execute(names).mappings()}
            return [KeyHeld(key=key, source=owners[key.source]) for key in keys]

        return self._read(work)


def take_webhook(connection: Connection, *, source: str, webhook_id: str, at: datetime, sqlite: bool) -> None:
    """Note a signed message's id, in the transaction that keeps the message. Raises UnableToTakeTwice.

    So an id is used up exactly when its message is: what was answered 5xx may be sent again.
    """
    statement = insert_into(webhook_ids, sqlite=sqlite).values(
        source=source, webhook_id=webhook_id, received_at=at
    )
    statement = statement.on_conflict_do_nothing()
    # Not by the count of rows: psycopg's is not to be had of an INSERT.
    if connection.execute(statement.returning(webhook_ids.c.webhook_id)).first() is None:
        raise UnableToTakeTwice(f"message {webhook_id!r} of {source} was taken before")


def _added(connection: Connection, source: Source, at: datetime, *, sqlite: bool) -> bool:
    values = _values(replace(source, created_at=at))
    statement = insert_into(sources, sqlite=sqlite).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(sources.c.name)).first() is not None


def _put(connection: Connection, source: Source, at: datetime, *, sqlite: bool) -> Source:
    if _added(connection, source, at, sqlite=sqlite):
        return replace(source, created_at=at)
    held = select(sources).where(sources.c.name == source.name).with_for_update()
    old = _source(connection.execute(held).mappings().one())
    same = (dict(old.mapping), dict(old.severities)) == (dict(source.mapping), dict(source.severities))
    new = replace(
        source,
        created_at=old.created_at,
        mapping_version=old.mapping_version if same else old.mapping_version + 1,
    )
    connection.execute(sources.update().where(sources.c.name == new.name).values(**_values(new)))
    return new


def _add_key(connection: Connection, key: SourceKey) -> None:
    """Lock the source first, so that two who add at once are counted one after the other."""
    held = select(sources.c.name).where(sources.c.name == key.source).with_for_update()
    if connection.execute(held).first() is None:
        raise UnableToAddKey(f"no source {key.source}")
    mine = select(source_keys).where(source_keys.c.source == key.source, source_keys.c.kind == key.kind.value)
    there = [_key(row) for row in connection.execute(mine).mappings()]
    if sum(1 for one in there if one.active(key.created_at)) >= MOST_ACTIVE:
        raise UnableToAddKey(f"{key.source} has {MOST_ACTIVE} active keys of this kind: revoke one first")
    values = {column.name: getattr(key, column.name) for column in source_keys.c}
    connection.execute(source_keys.insert().values(**values | {"kind": key.kind.value}))


def _source_row(connection: Connection, name: str) -> Source | None:
    row = connection.execute(select(sources).where(sources.c.name == name)).mappings().one_or_none()
    return None if row is None else _source(row)


def _values(source: Source) -> dict[str, Any]:
    values = {column.name: getattr(source, column.name) for column in sources.c}
    return values | {
        "form": source.form.value,
        "mapping": dict(source.mapping),
        "severities": dict(source.severities),
    }


def _source(row: RowMapping) -> Source:
    return Source(**{**row, "form": WireFormat(row["form"])})


def _key(row: RowMapping) -> SourceKey:
    return SourceKey(**{**row, "kind": KeyKind(row["kind"])})
