"""Live updates: tickets, subscriptions, and the frames that bring each watcher up to date.

A connection keeps the cursor of its last event. Every way of catching up, whether a subscription, a push or a ping,
is the same: read the events after that cursor, send them in order, keep the new cursor.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.engine.live.delivery import catch_up
from orchestrator.engine.live.frames import crowded_out_frame, pong_frame, session_ended_frame, subscribed_frame
from orchestrator.model.cursor import Cursor
from orchestrator.model.errors import InvalidInput, NotFound, Unauthenticated, Unavailable
from orchestrator.observability import logger
from orchestrator.store import connections as store
from orchestrator.store import events, row_security, sessions
from orchestrator.store.connection import Database
from orchestrator.store.connections import Socket

#: Seconds a ticket can be used.
TICKET_LIFE = 60
#: Open connections of one owner: pages, devices, and the new one beside the old while a page changes over.
MOST_CONNECTIONS = 20
#: Seconds after a revocation in which a container may still take a token of before for good.
REVOCATION_TAKES = 60.0


def issue_ticket(db: Database, owner: str, token_expires: float, session: str | None = None) -> str:
    """Return a ticket for one connection by `owner`, whose token ends at `token_expires` (epoch seconds).

    Raise Unavailable just after a revocation: the token may be one of before.
    """
    ticket = secrets.token_urlsafe(32)
    if not db.run(
        store.insert_ticket, owner, _hash(ticket), TICKET_LIFE, token_expires, session=session, doubt=REVOCATION_TAKES
    ):
        raise Unavailable("Everybody has just been signed out. Live updates begin again in a minute.")
    return ticket


def connect(db: Database, sockets: Sockets, ticket: str, connection_id: str) -> str:
    """Spend the ticket; return the owner. Raise Unauthenticated for one that is unknown, spent or too old."""
    opened = db.run(store.open_connection, _hash(ticket), connection_id, most=MOST_CONNECTIONS, doubt=REVOCATION_TAKES)
    if opened is None:
        raise Unauthenticated("This ticket cannot be used.")
    for each in opened.crowded_out:
        sockets.post(each, crowded_out_frame())
        sockets.delete(each)
    return opened.owner_id


def end_session(db: Database, owner: str, session: str | None) -> None:
    """End one session of the owner: its tokens are refused, its sockets get nothing more and are closed in a minute."""
    with db.row_context(row_security.owner(owner)):
        db.run(sessions.end, owner, session)


def end_all_sessions(db: Database, owner: str) -> None:
    """End every session of the owner, as `end_session` does."""
    with db.row_context(row_security.owner(owner)):
        db.run(sessions.end_all, owner)


def revoke(db: Database) -> None:
    """End the sessions of all owners, as `end_session` does. Call it when earlier keys verify no longer."""
    db.run(store.revoke)


def disconnect(db: Database, connection_id: str) -> None:
    """Forget a connection."""
    db.run(store.delete_connections, [connection_id])


def subscribe(
    db: Database, sockets: Sockets, connection_id: str, cursor: str | None, task_ids: Collection[UUID] | None
) -> None:
    """Send the events since `cursor`, then new ones. Raise InvalidInput for an invalid cursor."""
    socket = _living(db, sockets, connection_id)
    start = _resume(db, cursor) if cursor is not None else _begin(db, socket.owner_id, task_ids)
    if not db.run(store.begin_subscription, connection_id, str(start), task_ids):
        return
    if sockets.post(connection_id, subscribed_frame(str(start))) is Delivery.GONE:
        disconnect(db, connection_id)
        return
    named = list(task_ids) if task_ids is not None else None
    catch_up(db, sockets, [replace(socket, task_ids=named, cursor=str(start))])


def unsubscribe(db: Database, connection_id: str) -> None:
    """Send nothing more to a connection, which stays open."""
    db.run(store.end_subscription, connection_id)


def ping(db: Database, sockets: Sockets, connection_id: str) -> None:
    """Send the events that the connection has missed, then its new cursor."""
    socket = _living(db, sockets, connection_id)
    if socket.subscribed:
        catch_up(db, sockets, db.run(store.take_turns, ids=[connection_id]))
        socket = db.run(store.get_connection, connection_id) or socket
    sockets.post(connection_id, pong_frame(socket.cursor))


def push(db: Database, sockets: Sockets, owners: Iterable[str]) -> None:
    """Bring every subscribed connection of the owners up to date."""
    turns = db.run(store.take_turns, owners=sorted(set(owners)))
    _close(db, sockets, [socket.id for socket in turns if socket.expired])
    catch_up(db, sockets, [socket for socket in turns if not socket.expired])


def close_expired(db: Database, sockets: Sockets) -> int:
    """Close connections whose identity has ended; return their number."""
    ids = db.run(store.expired_connections, 500)
    _close(db, sockets, ids)
    return len(ids)


def _begin(db: Database, owner: str, task_ids: Collection[UUID] | None) -> Cursor:
    """Return the cursor before the newest event of every unfinished or just finished task."""
    present, _ = db.run(events.snapshot_now)
    with db.row_context(row_security.owner(owner)):
        first = db.run(events.first_unseen, owner, task_ids)
    return Cursor(present) if first is None else Cursor(f"{first}:{first}:")


def _resume(db: Database, text: str) -> Cursor:
    cursor = Cursor.parse(text)
    _, newest = db.run(events.snapshot_now)
    if cursor.newest() > newest:
        raise InvalidInput("cursor: invalid; subscribe without it to start at the present.")
    return cursor


def _living(db: Database, sockets: Sockets, connection_id: str) -> Socket:
    socket = db.run(store.get_connection, connection_id)
    if socket is None:
        raise NotFound("This connection is not known; please connect with a new ticket.")
    if socket.expired:
        _close(db, sockets, [connection_id])
        raise Unauthenticated("Your session has ended; please sign in again.")
    return socket


def _close(db: Database, sockets: Sockets, connection_ids: Sequence[str]) -> None:
    for connection_id in connection_ids:
        sockets.post(connection_id, session_ended_frame())
        sockets.delete(connection_id)
    if connection_ids:
        db.run(store.delete_connections, connection_ids)
        logger.info("sockets closed, session ended", extra={"sockets": len(connection_ids)})


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
