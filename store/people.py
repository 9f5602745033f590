"""Accounts and their posts. All times here are the machine's."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.account import Grant, Post
from store.database import Database
from store.rows_people import Account, UnableToAddAccount, UnableToLeaveNobody
from store.tables_people import accounts, grants, sessions

_COLUMNS = tuple(accounts.c[one.name] for one in fields(Account) if one.name != "grants")


class People(Database):
    """The part of the store that knows who may sign in, and as what."""

    def add_account(self, *, account: Account) -> None:
        """Keep a new account with its posts. Raises UnableToAddAccount when the name or subject is taken."""

        def work(connection: Connection) -> None:
            connection.execute(insert(accounts).values(_values(account)))
            _put_grants(connection, account.account, account.grants)

        try:
            self._write(work)
        except IntegrityError:
            raise UnableToAddAccount(f"there is an account {account.account} already") from None

    def account(self, *, account: str) -> Account | None:
        """Return an account with its posts, or None."""
        return self._read(lambda connection: load_account(connection, account))

    def account_of_subject(self, *, subject: str) -> Account | None:
        """Return whose account this subject of the identity provider is, or None."""

        def work(connection: Connection) -> Account | None:
            found = connection.execute(select(accounts.c.account).where(accounts.c.subject == subject))
            name = found.scalar_one_or_none()
            return None if name is None else load_account(connection, name)

        return self._read(work)

    def accounts(self) -> list[Account]:
        """Return all accounts with their posts, by name."""

        def work(connection: Connection) -> list[Account]:
            held: dict[str, list[Grant]] = {}
            for row in connection.execute(select(grants).order_by(grants.c.post, grants.c.unit)).mappings():
                held.setdefault(row["account"], []).append(_grant(row))
            statement = select(*_COLUMNS).order_by(accounts.c.account)
            return [
                _account(row, held.get(row["account"], ()))
                for row in connection.execute(statement).mappings()
            ]

        return self._read(work)

    def has_accounts(self) -> bool:
        """Tell whether there is any account that works outside demo mode."""
        statement = select(exists().where(accounts.c.demo.is_(False)))
        return self._read(lambda connection: bool(connection.execute(statement).scalar_one()))

    def change_account(self, *, account: str, end_sessions: bool = False, **values: Any) -> bool:
        """Change columns of an account, and end its sessions; return False when there is none.

        Raises UnableToAddAccount when the subject is another account's.
        """
        if end_sessions:
            values["generation"] = accounts.c.generation + 1
        statement = update(accounts).where(accounts.c.account == account).values(**values)

        def work(connection: Connection) -> bool:
            if end_sessions:
                connection.execute(delete(sessions).where(sessions.c.account == account))
            return connection.execute(statement).rowcount == 1

        try:
            return self._write(work)
        except IntegrityError:
            raise UnableToAddAccount("this subject is linked to another account") from None

    def prefer(self, *, account: str, language: str | None, preferences: dict[str, Any]) -> None:
        """Change what somebody prefers; what is not named stays."""

        def work(connection: Connection) -> None:
            row = _locked(connection, account)
            if row is not None:
                kept = {**row["preferences"], **preferences}
                values = {"preferences": kept, "language": language or row["language"]}
                connection.execute(update(accounts).where(accounts.c.account == account).values(**values))

        self._write(work)

    def change_grants(
        self,
        *,
        account: str,
        change: Callable[[tuple[Grant, ...]], Sequence[Grant]],
        keep: Post,
        demo: bool,
    ) -> tuple[Grant, ...] | None:
        """Give an account other posts, made of those it has; return them, None when there is no account.

        ``change`` may raise: nothing has changed then. Its sessions go on and have the new posts.
        Raises UnableToLeaveNobody when nobody would hold the post ``keep`` any more.
        """

        def work(connection: Connection) -> tuple[Grant, ...] | None:
            if _locked(connection, account) is None:
                return None
            old = _grants_of(connection, account)
            new = tuple(change(old))
            if _hold(old, keep) and not _hold(new, keep):
                _others_hold(connection, account, keep, demo=demo)
            connection.execute(delete(grants).where(grants.c.account == account))
            _put_grants(connection, account, new)
            return new

        return self._write(work)

    def accounts_holding(self, *, post: Post) -> list[str]:
        """Return the open accounts that hold a post, by name."""
        statement = (
            select(accounts.c.account)
            .distinct()
            .join(grants, grants.c.account == accounts.c.account)
            .where(grants.c.post == post.value, accounts.c.disabled.is_(False))
            .order_by(accounts.c.account)
        )
        return self._read(lambda connection: list(connection.execute(statement).scalars()))

    def close_account(self, *, account: str, keep: Post, demo: bool) -> bool:
        """Close an account and end its sessions; return False when there is none.

        Raises UnableToLeaveNobody when it is the last open one that holds the post ``keep``
        (those of the demonstration count where ``demo`` is set).
        """

        def work(connection: Connection) -> bool:
            row = _locked(connection, account)
            if row is None:
                return False
            if _hold(_grants_of(connection, account), keep):
                _others_hold(connection, account, keep, demo=demo)
            values = {"disabled": True, "generation": row["generation"] + 1}
            connection.execute(delete(sessions).where(sessions.c.account == account))
            connection.execute(update(accounts).where(accounts.c.account == account).values(**values))
            return True

        return self._write(work)

    def spend_recovery(self, *, account: str, digest: str) -> bool:
        """Use up a recovery code; return False when it is none of those left."""

        def work(connection: Connection) -> bool:
            row = _locked(connection, account)
            if row is None or digest not in row["recovery"]:
                return False
            left = tuple(one for one in row["recovery"] if one != digest)
            connection.execute(update(accounts).where(accounts.c.account == account).values(recovery=left))
            return True

        return self._write(work)

    def spend_step(self, *, account: str, step: int) -> bool:
        """Use up a time step of the second factor; return False when it or a later one was used before."""
        statement = (
            update(accounts)
            .where(accounts.c.account == account, func.coalesce(accounts.c.totp_step, -1) < step)
            .values(totp_step=step)
        )
        return self._write(lambda connection: connection.execute(statement).rowcount == 1)

    def close_demo_accounts(self) -> int:
        """Close the accounts of the demonstration and end their sessions; return how many there were."""
        statement = (
            update(accounts)
            .where(accounts.c.demo.is_(True), accounts.c.disabled.is_(False))
            .values(disabled=True, generation=accounts.c.generation + 1)
        )
        return self._write(lambda connection: connection.execute(statement).rowcount)


def load_account(connection: Connection, account: str) -> Account | None:
    """Return an account with its posts, or None."""
    statement = select(*_COLUMNS).where(accounts.c.account == account)
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else _account(row, _grants_of(connection, account))


def _hold(held: Sequence[Grant], post: Post) -> bool:
    return any(one.post is post for one in held)


def _others_hold(connection: Connection, account: str, post: Post, *, demo: bool) -> None:
    """Make sure somebody else holds a post, and goes on holding it until this transaction ends."""
    statement = (
        select(accounts.c.account)
        .where(
            accounts.c.account != account,
            accounts.c.disabled.is_(False),
            exists().where(grants.c.account == accounts.c.account, grants.c.post == post.value),
        )
        .order_by(accounts.c.account)
        .with_for_update()
    )
    if not demo:
        statement = statement.where(accounts.c.demo.is_(False))
    if connection.execute(statement).first() is None:
        raise UnableToLeaveNobody(f"{account} is the last to hold {post.value}")


def _values(account: Account) -> dict[str, Any]:
    return {one.name: getattr(account, one.name) for one in fields(Account) if one.name != "grants"}


def _locked(connection: Connection, account: str) -> RowMapping | None:
    statement = select(*_COLUMNS).where(accounts.c.account == account).with_for_update()
    return connection.execute(statement).mappings().one_or_none()


def _put_grants(connection: Connection, account: str, held: Sequence[Grant]) -> None:
    if held:
        rows = [
            {"account": account, "post": one.post.value, "unit": one.unit, "areas": one.areas} for one in held
        ]
        connection.execute(insert(grants), rows)


def _grants_of(connection: Connection, account: str) -> tuple[Grant, ...]:
    statement = select(grants).where(grants.c.account == account).order_by(grants.c.post, grants.c.unit)
    return tuple(_grant(row) for row in connection.execute(statement).mappings())


def _grant(row: RowMapping) -> Grant:
    return Grant(post=Post(row["post"]), unit=row["unit"], areas=row["areas"])


def _account(row: RowMapping, held: Sequence[Grant]) -> Account:
    return Account(**row, grants=tuple(held))
