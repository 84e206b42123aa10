"""Bring connections up to date: one sender for each connection, one read for all with the same cursor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import UUID

from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.engine.live.frames import Page, page_of, undeliverable_frame
from orchestrator.model.cursor import Cursor
from orchestrator.model.fault_injection import reach
from orchestrator.observability import metrics
from orchestrator.store import connections as store
from orchestrator.store import events, row_security
from orchestrator.store.connection import Database
from orchestrator.store.connections import Socket

#: Events read at once; a frame each.
PAGE = 200
#: Sockets sent to at the same time, so that a slow one delays no other.
SENDERS = 32


@dataclass(frozen=True, slots=True)
class Sent:
    """How far a connection got: to `cursor`; `behind`: another page waits for it."""

    socket: Socket
    cursor: str
    gone: bool = False
    behind: bool = False
    frames: int = 0
    failed: bool = False


def catch_up(db: Database, sockets: Sockets, turns: Sequence[Socket]) -> None:
    """Send until no connection is behind, and end the turns of these connections, which the caller has."""
    while turns:
        with ThreadPoolExecutor(max_workers=SENDERS) as pool:
            sends = [pool.submit(_send, sockets, socket, page) for page, group in _pages(db, turns) for socket in group]
        reach("push.sent")
        results = [send.result() for send in sends]
        metrics.count("Pushed", by=sum(sent.frames for sent in results))
        metrics.count("PushFailed", by=sum(sent.failed for sent in results))
        gone = [sent.socket.id for sent in results if sent.gone]
        if gone:
            db.run(store.delete_connections, gone)
        left = [sent for sent in results if not sent.gone]
        going_on = db.run(store.end_turns, [(sent.socket, sent.cursor, not sent.behind) for sent in left])
        turns = [replace(sent.socket, cursor=sent.cursor) for sent in left if sent.socket.id in going_on]


def _pages(db: Database, turns: Sequence[Socket]) -> Iterator[tuple[Page, list[Socket]]]:
    """Return the events that each group of connections with the same cursor has not seen."""
    groups: dict[tuple[str, str, frozenset[UUID] | None], list[Socket]] = defaultdict(list)
    for socket in turns:
        named = frozenset(socket.task_ids) if socket.task_ids is not None else None
        groups[socket.owner_id, socket.cursor or "", named].append(socket)
    for (owner, text, named), group in groups.items():
        cursor = Cursor.parse(text)
        with db.row_context(row_security.owner(owner)):
            rows, target = db.run(events.unseen, owner, cursor, named, PAGE)
        reach("push.read")
        if rows or cursor.target is not None:
            yield page_of(rows, cursor, target, more=len(rows) == PAGE), group
        else:
            yield Page([], text, more=False), group


def _send(sockets: Sockets, socket: Socket, page: Page) -> Sent:
    """Send in order, up to the first frame that is not delivered. The client gets the others later."""
    reached = socket.cursor or ""
    for index, (data, cursor) in enumerate(page.frames):
        delivery = sockets.post(socket.id, data)
        if delivery is Delivery.REFUSED:
            metrics.count("PushFailed")
            delivery = sockets.post(socket.id, undeliverable_frame(data))
        if delivery is not Delivery.SENT:
            gone = delivery is Delivery.GONE
            return Sent(socket, reached, gone=gone, frames=index, failed=not gone)
        reached = cursor
    return Sent(socket, page.end, behind=page.more, frames=len(page.frames))
