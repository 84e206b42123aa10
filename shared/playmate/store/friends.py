"""Links between guardians: one a pair, whoever asked."""

from __future__ import annotations

from typing import Any

from psycopg.rows import DictRow

from orchestrator.store.db import Connection, load_queries
from playmate.rules.friendship import Link, State
from playmate.store.accounts import Guardian, GuardianId

SQL = load_queries("playmate.store", "friends")


def _link(row: DictRow | None) -> Link | None:
    return Link(row["asker_id"], row["receiver_id"], State(row["state"])) if row else None


def ask(conn: Connection, asker: GuardianId, receiver: GuardianId) -> Link | None:
    """The new link; None when the pair has one already."""
    return _link(conn.execute(SQL["ask"], {"asker_id": asker, "receiver_id": receiver}).fetchone())


def lock_link(conn: Connection, guardian: GuardianId, friend: GuardianId) -> Link | None:
    """The pair's link, held until the transaction ends."""
    return _link(conn.execute(SQL["lock_link"], {"guardian_id": guardian, "friend_id": friend}).fetchone())


def ask_anew(conn: Connection, asker: GuardianId, receiver: GuardianId) -> Link | None:
    """Turns a request the asker once refused into the asker's own."""
    return _link(conn.execute(SQL["ask_anew"], {"asker_id": asker, "receiver_id": receiver}).fetchone())


def answer(conn: Connection, guardian: GuardianId, asker: GuardianId, state: State) -> Link | None:
    """Sets what the guardian, who was asked, answers; None when it was not the guardian's to answer."""
    values = {"guardian_id": guardian, "friend_id": asker, "state": int(state)}
    return _link(conn.execute(SQL["answer"], values).fetchone())


def remove(conn: Connection, guardian: GuardianId, friend: GuardianId) -> int:
    """How many links ended: a friendship, or the guardian's own open request."""
    return conn.execute(SQL["remove"], {"guardian_id": guardian, "friend_id": friend}).rowcount


def confirmed(conn: Connection, guardian: GuardianId) -> list[dict[str, Any]]:
    return conn.execute(SQL["confirmed"], {"guardian_id": guardian}).fetchall()


def pending(conn: Connection, guardian: GuardianId) -> list[dict[str, Any]]:
    return conn.execute(SQL["pending"], {"guardian_id": guardian}).fetchall()


def asking(conn: Connection, guardian: GuardianId) -> list[dict[str, Any]]:
    return conn.execute(SQL["asking"], {"guardian_id": guardian}).fetchall()


def friend(conn: Connection, guardian: GuardianId, friend_id: GuardianId) -> Guardian | None:
    """The guardian's accepted friend; None for anyone else."""
    row = conn.execute(SQL["friend"], {"guardian_id": guardian, "friend_id": friend_id}).fetchone()
    return Guardian.from_row(row) if row else None
