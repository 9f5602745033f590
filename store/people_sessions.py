"""Tries to sign in, sign-ins under way, and sessions. All times here are the machine's.

A try is counted before the password is looked at: however many come at once, no more of them
are checked than the rule allows.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from domain.account import Grant, Post
from store.database import Database
from store.people import load_account
from store.rows_people import Attempt, HeldSession, Session, Waiting, WaitKind
from store.tables_people import accounts, grants, sessions, sign_ins

LockAfter = Callable[[int], timedelta | None]
REMEMBER_FAILURES = timedelta(hours=24)
"""How long failures under a name nobody has are remembered after the last."""

_SESSION = tuple(sessions.c[one.name].label(f"s_{one.name}") for one in fields(Session))
_WHOSE = (accounts.c.name, accounts.c.language, accounts.c.preferences, accounts.c.disabled, accounts.c.demo)


class PeopleSessions(Database):
    """The part of the store that knows who is signed in, and who is trying to."""

    def try_sign_in(self, *, account: str, unknown: str, at: datetime, lock_after: LockAfter) -> Attempt:
        """Count one more try of an account, unless it is locked; the lock its failure would bring is set.

        ``unknown`` is the digest under which tries are counted when there is no such account:
        such a name is locked like any other, so that nobody learns which names there are.
        """

        def work(connection: Connection) -> Attempt:
            statement = select(accounts.c.failures, accounts.c.locked_until)
            row = (
                connection.execute(statement.where(accounts.c.account == account).with_for_update())
                .mappings()
                .one_or_none()
            )
            if row is None:
                return self._try_unknown(connection, unknown, at, lock_after)
            if _locked(row["locked_until"], at):
                return Attempt(account=None, count=row["failures"], locked_until=row["locked_until"])
            count = row["failures"] + 1
            values = {"failures": count, "locked_until": _until(at, lock_after(count))}
            found = load_account(connection, account)
            connection.execute(update(accounts).where(accounts.c.account == account).values(**values))
            return Attempt(account=found, count=count)

        return self._write(work)

    def _try_unknown(
        self, connection: Connection, digest: str, at: datetime, lock_after: LockAfter
    ) -> Attempt:
        row = _waiting_row(connection, digest)
        data: dict[str, Any] = {"failures": 0, "locked_until": None} if row is None else row["data"]
        until = data["locked_until"] and datetime.fromisoformat(data["locked_until"])
        if _locked(until, at):
            return Attempt(account=None, count=data["failures"], locked_until=until)
        count = int(data["failures"]) + 1
        until = _until(at, lock_after(count))
        kept = {"failures": count, "locked_until": until and until.isoformat()}
        values = {
            "digest": digest, "kind": WaitKind.FAILURES.value, "account": None, "data": kept,
            "expires_at": at + REMEMBER_FAILURES,
        }  # fmt: skip
        put = self._insert(sign_ins).values(values)
        connection.execute(put.on_conflict_do_update(index_elements=["digest"], set_=values))
        return Attempt(account=None, count=count)

    def take_back_try(self, *, account: str, unlock: bool) -> None:
        """Take one counted try back, since it was none that failed; with ``unlock`` the lock it set as well."""
        values: dict[str, Any] = {"failures": accounts.c.failures - 1}
        if unlock:
            values["locked_until"] = None
        statement = update(accounts).where(accounts.c.account == account, accounts.c.failures > 0)
        self._write(lambda connection: connection.execute(statement.values(**values)))

    def open_session(self, *, session: Session, keep_failures: bool = False) -> None:
        """Keep a new session; the failures of its account are forgotten, and what has expired with them."""
        at = session.created_at
        values: dict[str, Any] = {"seen_at": at}
        if not keep_failures:
            values |= {"failures": 0, "locked_until": None}

        def work(connection: Connection) -> None:
            connection.execute(update(accounts).where(accounts.c.account == session.account).values(**values))
            connection.execute(delete(sessions).where(sessions.c.expires_at <= at))
            connection.execute(delete(sign_ins).where(sign_ins.c.expires_at <= at))
            row = {one.name: getattr(session, one.name) for one in fields(Session)}
            connection.execute(insert(sessions).values(row))

        self._write(work)

    def held_session(self, *, digest: str) -> HeldSession | None:
        """Return a session with whose it is and their posts, in one statement; None when there is none."""
        statement = (
            select(*_SESSION, *_WHOSE, accounts.c.generation, grants.c.post, grants.c.unit, grants.c.areas)
            .join(accounts, accounts.c.account == sessions.c.account)
            .outerjoin(grants, grants.c.account == sessions.c.account)
            .where(sessions.c.digest == digest)
            .order_by(grants.c.post, grants.c.unit)
        )
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        return _held(rows) if rows else None

    def session_seen(self, *, digest: str, at: datetime, before: datetime) -> None:
        """Note that a session is in use, unless that was noted after ``before``."""
        statement = (
            update(sessions)
            .where(sessions.c.digest == digest, sessions.c.seen_at < before)
            .values(seen_at=at)
        )
        self._write(lambda connection: connection.execute(statement))

    def sessions_of(self, *, account: str, at: datetime) -> list[Session]:
        """Return the sessions of an account that have not ended, latest seen first."""
        statement = (
            select(*_SESSION, accounts.c.generation)
            .join(accounts, accounts.c.account == sessions.c.account)
            .where(sessions.c.account == account, sessions.c.expires_at > at)
            .order_by(sessions.c.seen_at.desc())
        )
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        found = [(_session(row), row["generation"]) for row in rows]
        return [one for one, generation in found if one.generation == generation and not idle(one, at)]

    def end_session(self, *, digest: str) -> bool:
        """End a session; return False when there was none."""
        statement = delete(sessions).where(sessions.c.digest == digest)
        return self._write(lambda connection: connection.execute(statement).rowcount == 1)

    def end_sessions(self, *, account: str, but: str = "") -> int:
        """End the sessions of an account but one; return how many there were."""
        statement = delete(sessions).where(sessions.c.account == account, sessions.c.digest != but)
        return self._write(lambda connection: connection.execute(statement).rowcount)

    def put_waiting(self, *, waiting: Waiting) -> None:
        """Keep a sign-in that waits for its next step, or change what it waits for."""
        values = {
            "digest": waiting.digest, "kind": waiting.kind.value, "account": waiting.account,
            "data": dict(waiting.data), "expires_at": waiting.expires_at,
        }  # fmt: skip
        put = self._insert(sign_ins).values(values)
        self._write(
            lambda connection: connection.execute(
                put.on_conflict_do_update(index_elements=["digest"], set_=values)
            )
        )

    def waiting(self, *, digest: str, at: datetime) -> Waiting | None:
        """Return a sign-in that waits and has not expired, or None."""
        row = self._read(lambda connection: _waiting_row(connection, digest))
        return _waiting(row, at)

    def take_waiting(self, *, digest: str, at: datetime) -> Waiting | None:
        """Return a sign-in that waits and forget it: only one caller ever gets it."""
        statement = delete(sign_ins).where(sign_ins.c.digest == digest).returning(*sign_ins.c)
        row = self._write(lambda connection: connection.execute(statement).mappings().one_or_none())
        return _waiting(row, at)


def idle(session: Session, at: datetime) -> bool:
    """Tell whether a session ended because it was not seen for too long."""
    return at >= session.seen_at + timedelta(seconds=session.idle_s)


def _locked(until: datetime | None, at: datetime) -> bool:
    return until is not None and at < until


def _until(at: datetime, lock: timedelta | None) -> datetime | None:
    return None if lock is None else at + lock


def _waiting_row(connection: Connection, digest: str) -> RowMapping | None:
    statement = select(sign_ins).where(sign_ins.c.digest == digest).with_for_update()
    return connection.execute(statement).mappings().one_or_none()


def _waiting(row: RowMapping | None, at: datetime) -> Waiting | None:
    if row is None or row["kind"] == WaitKind.FAILURES.value or row["expires_at"] <= at:
        return None
    return Waiting(
        digest=row["digest"], kind=WaitKind(row["kind"]), account=row["account"], data=row["data"],
        expires_at=row["expires_at"],
    )  # fmt: skip


def _session(row: RowMapping) -> Session:
    return Session(**{one.name: row[f"s_{one.name}"] for one in fields(Session)})


def _held(rows: Sequence[RowMapping]) -> HeldSession:
    first = rows[0]
    held = tuple(
        Grant(post=Post(row["post"]), unit=row["unit"], areas=row["areas"])
        for row in rows
        if row["post"] is not None
    )
    whose = {one.name: first[one.name] for one in _WHOSE}
    return HeldSession(session=_session(first), generation=first["generation"], grants=held, **whose)
