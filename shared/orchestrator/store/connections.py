"""Tickets and open WebSocket connections."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_column, fetch_one, fetch_value

_SQL = load_queries("orchestrator.store", "connections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """A connection, its subscription and the cursor up to which it was sent events."""

    id: str
    owner_id: str
    task_ids: list[UUID] | None
    cursor: str | None
    expired: bool
    subscribed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedConnection:
    """The owner of a new connection, and the connections that were deleted because the owner had too many."""

    owner_id: str
    crowded_out: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn(Socket):
    busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndedTurn:
    id: str
    more: bool


def insert_ticket(
    conn: Connection,
    owner: str,
    ticket_hash: bytes,
    life: int,
    token_expires: float,
    *,
    session: str | None = None,
    doubt: float = 0.0,
) -> bool:
    """Store a ticket for `life` seconds; the identity behind it ends at `token_expires` (epoch seconds).

    Return False within `doubt` seconds of a revocation.
    """
    made = conn.execute(
        _SQL["insert_ticket"],
        {
            "owner_id": owner,
            "hash": ticket_hash,
            "life": life,
            "token_expires": token_expires,
            "session": session,
            "doubt": doubt,
        },
    )
    return made.rowcount == 1


def open_connection(
    conn: Connection, ticket_hash: bytes, connection_id: str, *, most: int = 20, doubt: float = 0.0
) -> OpenedConnection | None:
    """Use a ticket up and open its connection; delete the oldest connections of the owner beyond `most`.

    Return None when the ticket is unknown, used or too old, or issued before `doubt` seconds after a revocation.
    """
    given = {"hash": ticket_hash, "id": connection_id, "most": most, "doubt": doubt}
    return fetch_one(conn, OpenedConnection, _SQL["open_connection"], given)


def revoke(conn: Connection) -> None:
    """End the tickets and connections of every owner.

    Each statement commits by itself, in this order: a connection opened while one runs is ended by the next.
    """
    conn.execute(_SQL["note_revocation"])
    conn.execute(_SQL["end_all_tickets"])
    conn.execute(_SQL["end_all_connections"])


def get_connection(conn: Connection, connection_id: str) -> Socket | None:
    """Return an open connection."""
    return fetch_one(conn, Socket, _SQL["get_connection"], {"id": connection_id})


def begin_subscription(conn: Connection, connection_id: str, cursor: str, task_ids: Collection[UUID] | None) -> bool:
    """Subscribe a connection from a cursor; return False when the connection is gone."""
    ids = list(task_ids) if task_ids is not None else None
    values = {"id": connection_id, "cursor": cursor, "task_ids": ids}
    return fetch_value(conn, str, _SQL["begin_subscription"], values) is not None


def end_subscription(conn: Connection, connection_id: str) -> None:
    """End a subscription; the connection stays open."""
    conn.execute(_SQL["end_subscription"], {"id": connection_id})


def take_turns(conn: Connection, *, owners: Collection[str] = (), ids: Collection[str] = ()) -> list[Socket]:
    """Return the subscribed connections of owners, or the named ones, that no other sender is serving."""
    turns = fetch_all(conn, _Turn, _SQL["take_turns"], {"owners": list(owners), "ids": list(ids)})
    return [turn for turn in turns if not turn.busy]


def end_turns(conn: Connection, sent: Sequence[tuple[Socket, str, bool]]) -> set[str]:
    """Store each connection's new cursor; `done`: it has every event. Return the connections with more to send."""
    values = {
        "ids": [socket.id for socket, _, _ in sent],
        "read": [socket.cursor for socket, _, _ in sent],
        "sent": [cursor for _, cursor, _ in sent],
        "done": [done for _, _, done in sent],
    }
    return {turn.id for turn in fetch_all(conn, _EndedTurn, _SQL["end_turns"], values) if turn.more}


def delete_connections(conn: Connection, connection_ids: Collection[str]) -> None:
    """Delete connections."""
    conn.execute(_SQL["delete_connections"], {"ids": list(connection_ids)})


def expired_connections(conn: Connection, limit: int) -> list[str]:
    """Return connections whose identity has ended."""
    return fetch_column(conn, str, _SQL["expired_connections"], {"limit": limit})
