"""Guardians and their credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NewType

from psycopg import errors
from psycopg.rows import DictRow

from orchestrator.model.errors import Conflict, Forbidden
from orchestrator.store import sessions
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.row_security import RowContext, setting
from playmate.domain.coordinates import Point
from playmate.domain.names import name_key

GuardianId = NewType("GuardianId", int)

SQL = load_queries("playmate.store", "accounts")
TAKEN = {
    "credentials_name_key_key": "That name is taken.",
    "credentials_email_key": "That e-mail address is taken.",
}


@dataclass(frozen=True, slots=True)
class Account:
    """The account in the answer to a sign-in."""

    id: GuardianId
    name: str
    email: str
    role: str

    @classmethod
    def from_row(cls, row: DictRow) -> Account:
        return cls(GuardianId(row["id"]), row["name"], row["email"], row["role"])

    def public(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "email": self.email}


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with the hash its password is checked against."""

    account: Account
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Guardian:
    """A guardian as agents see one: name and playdate point."""

    id: GuardianId
    name: str
    latitude: float | None
    longitude: float | None

    @classmethod
    def from_row(cls, row: DictRow) -> Guardian:
        return cls(GuardianId(row["id"]), row["name"], row["latitude"], row["longitude"])

    @property
    def point(self) -> Point | None:
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.latitude, self.longitude)


def guardian_id(owner: str) -> GuardianId:
    """Return the guardian behind a token's subject; someone else's issuer may know people we do not."""
    if not owner.isascii() or not owner.isdigit() or len(owner) > 18:
        raise Forbidden("This account is no guardian here.")
    return GuardianId(int(owner))


def sign_in_key(identifier: str) -> str:
    """Return the key by which a name or an e-mail address finds its account."""
    given = identifier.strip()
    return given.lower() if "@" in given else name_key(given)


def signing_in(identifier: str) -> RowContext:
    """Return the row security context of a sign-in: it shows the named account only."""
    return setting("playmate.signing_in", sign_in_key(identifier))


def create_guardian(conn: Connection, *, name: str, email: str, password_hash: str, role: str) -> Account:
    values = {"name": name, "email": email, "password_hash": password_hash, "role": role}
    values |= {"name_key": name_key(name)}
    try:
        row = conn.execute(SQL["create_guardian"], values).fetchone()
    except errors.UniqueViolation as error:
        raise Conflict(TAKEN.get(error.diag.constraint_name or "", "That account exists.")) from error
    assert row is not None  # noqa: S101 (one row, or it raises)
    return Account(GuardianId(row["id"]), name, email, role)


def find_credentials(conn: Connection, identifier: str) -> Credentials | None:
    row = conn.execute(SQL["find_credentials"], {"sign_in": sign_in_key(identifier)}).fetchone()
    return Credentials(Account.from_row(row), row["password_hash"]) if row else None


def replace_password_hash(conn: Connection, guardian: GuardianId, old_hash: str, new_hash: str) -> bool:
    """Return False if the hash is no longer the old one."""
    values = {"guardian_id": guardian, "old_hash": old_hash, "new_hash": new_hash}
    return conn.execute(SQL["replace_password_hash"], values).rowcount == 1


def change_password(conn: Connection, guardian: GuardianId, old_hash: str, new_hash: str) -> bool:
    """Replace the hash and end all sessions. Return False if the hash is no longer the old one."""
    with conn.transaction():
        changed = replace_password_hash(conn, guardian, old_hash, new_hash)
        if changed:
            sessions.end_all(conn, str(guardian))
    return changed


def find_guardian_by_name(conn: Connection, name: str) -> tuple[GuardianId, str] | None:
    row = conn.execute(SQL["find_guardian_by_name"], {"name_key": name_key(name)}).fetchone()
    return (GuardianId(row["id"]), row["name"]) if row else None


def promote_to_operator(conn: Connection, identifier: str) -> GuardianId | None:
    """Make an account (by name or e-mail address) an operator's; return its id, None where there is none."""
    row = conn.execute(SQL["promote_to_operator"], {"sign_in": sign_in_key(identifier)}).fetchone()
    return GuardianId(row["id"]) if row else None


def owners_named(conn: Connection, text: str) -> list[tuple[int, str]]:
    """Return the accounts whose name begins with `text`, by name; ten at most."""
    rows = conn.execute(SQL["owners_named"], {"text": text}).fetchall()
    return [(row["id"], row["name"]) for row in rows]


def get_guardian(conn: Connection, guardian: GuardianId) -> Guardian | None:
    row = conn.execute(SQL["get_guardian"], {"guardian_id": guardian}).fetchone()
    return Guardian.from_row(row) if row else None
