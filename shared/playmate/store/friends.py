"""Links between guardians: one a pair."""

from __future__ import annotations

from typing import Any

from psycopg.rows import DictRow

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from playmate.domain.friendship import Link, State
from playmate.store.accounts import Guardian, GuardianId

SQL = load_queries("playmate.store", "friends")


def _link(row: DictRow | None) -> Link | None:
    return Link(row["asker_id"], row["receiver_id"], State(row["state"])) if row else None


def ask(conn: Connection, asker: GuardianId, receiver: GuardianId) -> Link | None:
    """Return the new link; None when the pair has one already."""
    return _link(conn.execute(SQL["ask"], {"asker_id": asker, "receiver_id": receiver}).fetchone())


def count_links(conn: Connection, guardian: GuardianId) -> int:
    """Return how many friends the guardian has, with the requests that the guardian made."""
    [row] = conn.execute(SQL["count_links"], {"guardian_id": guardian}).fetchall()
    return int(row["links"])


def count_requests(conn: Connection, guardian: GuardianId) -> int:
    """Return how many requests wait for the guardian's answer."""
    [row] = conn.execute(SQL["count_requests"], {"guardian_id": guardian}).fetchall()
    return int(row["requests"])


def lock_link(conn: Connection, guardian: GuardianId, friend: GuardianId) -> Link | None:
    """Return the pair's link, locked until the transaction ends."""
    return _link(conn.execute(SQL["lock_link"], {"guardian_id": guardian, "friend_id": friend}).fetchone())


def ask_anew(conn: Connection, asker: GuardianId, receiver: GuardianId) -> Link | None:
    """Replace a request that the asker once refused by the asker's own."""
    conn.execute(SQL["remove_refusal"], {"asker_id": receiver, "receiver_id": asker})
    return ask(conn, asker, receiver)


def answer(conn: Connection, guardian: GuardianId, asker: GuardianId, state: State) -> Link | None:
    """Set the answer of the asked guardian; return None when another guardian must answer."""
    values = {"guardian_id": guardian, "friend_id": asker, "state": int(state)}
    return _link(conn.execute(SQL["answer"], values).fetchone())


def remove(conn: Connection, guardian: GuardianId, friend: GuardianId) -> int:
    """Return how many links ended: a friendship, or the own request. A refused request is kept as withdrawn."""
    values = {"guardian_id": guardian, "friend_id": friend}
    return conn.execute(SQL["remove"], values).rowcount or conn.execute(SQL["withdraw_refused"], values).rowcount


def ask_refused_again(conn: Connection, asker: GuardianId, receiver: GuardianId) -> None:
    """Show the asker a request that was refused and withdrawn as open again; the refusal stays."""
    conn.execute(SQL["ask_refused_again"], {"asker_id": asker, "receiver_id": receiver})


def confirmed(conn: Connection, guardian: GuardianId) -> list[dict[str, Any]]:
    return conn.execute(SQL["confirmed"], {"guardian_id": guardian}).fetchall()


def pending(conn: Connection, guardian: GuardianId) -> list[dict[str, Any]]:
    return conn.execute(SQL["pending"], {"guardian_id": guardian}).fetchall()


def asking(conn: Connection, guardian: GuardianId) -> list[dict[str, Any]]:
    return conn.execute(SQL["asking"], {"guardian_id": guardian}).fetchall()


def lock_friends(conn: Connection, guardian: GuardianId, friend: GuardianId | None = None) -> list[Guardian]:
    """Return the guardian's accepted friends, or the named one. They stay friends until the transaction ends."""
    rows = conn.execute(SQL["lock_friends"], {"guardian_id": guardian, "friend_id": friend}).fetchall()
    return [Guardian.from_row(row) for row in rows]


def share_link(conn: Connection, guardian: GuardianId, friend: GuardianId) -> tuple[Link, str] | None:
    """Return the pair's link, which stays as it is until the transaction ends, and the name of `friend`."""
    row = conn.execute(SQL["share_link"], {"guardian_id": guardian, "friend_id": friend}).fetchone()
    link = _link(row)
    return (link, row["name"]) if row and link else None
