"""The WebSocket function: gateway events in, calls to the engine out; every reply is a frame posted back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast
from uuid import UUID

from orchestrator.engine.live import subscriptions
from orchestrator.http.errors import status_of
from orchestrator.model.errors import Rejected
from orchestrator.observability import logger
from orchestrator.observability.error_summary import fingerprint

if TYPE_CHECKING:
    from orchestrator.aws.websocket_api import Sockets
    from orchestrator.store.connection import Database

#: Characters of a frame we read; API Gateway lets 32 KB through.
LONGEST_FRAME = 32_768
#: The most characters of a ticket.
LONGEST_TICKET = 256
#: Characters of a cursor: a snapshot names every transaction that was running.
LONGEST_CURSOR = 16_384
#: Tasks one subscription may name.
MOST_TASKS = 100


class FrameError(Exception):
    """A frame that asks for nothing we know; `message` goes back to its sender."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Frame:
    """A request of a client."""

    action: str
    cursor: str | None = None
    task_ids: tuple[UUID, ...] | None = None


class _Context(TypedDict):
    connectionId: str
    routeKey: str


class _Event(TypedDict, total=False):
    """An event of the WebSocket API."""

    requestContext: _Context
    queryStringParameters: Mapping[str, str] | None
    body: str | None


def answer(event: Mapping[str, object], db: Database, sockets: Sockets) -> dict[str, int]:
    """Return the response to API Gateway: only a connect can be refused."""
    received = cast("_Event", event)
    connection_id, route = received["requestContext"]["connectionId"], received["requestContext"]["routeKey"]
    logger.append_keys(connection_id=connection_id, route=route)
    match route:
        case "$connect":
            return _connect(received, db, sockets, connection_id)
        case "$disconnect":
            subscriptions.disconnect(db, connection_id)
        case _:
            _receive(received.get("body"), db, sockets, connection_id)
    return {"statusCode": 200}


def parse_frame(body: object) -> Frame:
    """Return the request of a frame. Raise FrameError with a message for the sender."""
    if not isinstance(body, str) or len(body) > LONGEST_FRAME:
        raise FrameError("A frame must be JSON text of at most 32 KB.")
    try:
        frame = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FrameError("The frame is not JSON.") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("action"), str):
        raise FrameError('A frame must be an object with an "action".')
    if frame["action"] not in ("subscribe", "unsubscribe", "ping"):
        raise FrameError("The action must be subscribe, unsubscribe or ping.")
    return Frame(frame["action"], _cursor(frame.get("cursor")), _task_ids(frame.get("taskIds")))


def _connect(event: _Event, db: Database, sockets: Sockets, connection_id: str) -> dict[str, int]:
    ticket = (event.get("queryStringParameters") or {}).get("ticket")
    if not isinstance(ticket, str) or not ticket.isascii() or not 0 < len(ticket) <= LONGEST_TICKET:
        return {"statusCode": 401}
    try:
        subscriptions.connect(db, sockets, ticket, connection_id)
    except Rejected as error:
        logger.info("connect refused", reason=type(error).__name__)
        return {"statusCode": status_of(error)}
    return {"statusCode": 200}


def _receive(body: object, db: Database, sockets: Sockets, connection_id: str) -> None:
    try:
        frame = parse_frame(body)
        match frame.action:
            case "subscribe":
                subscriptions.subscribe(db, sockets, connection_id, frame.cursor, frame.task_ids)
            case "unsubscribe":
                subscriptions.unsubscribe(db, connection_id)
            case "ping":
                subscriptions.ping(db, sockets, connection_id)
    except (FrameError, Rejected) as error:
        _reply_error(sockets, connection_id, error.message)
    except Exception as error:
        logger.exception("frame not handled", fingerprint=fingerprint(error))
        _reply_error(sockets, connection_id, "Something went wrong on our side. Please try again.")


def _reply_error(sockets: Sockets, connection_id: str, message: str) -> None:
    sockets.post(connection_id, json.dumps({"type": "error", "message": message}).encode())


def _cursor(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.isascii() or len(value) > LONGEST_CURSOR or "\0" in value:
        raise FrameError("cursor: invalid; subscribe without it.")
    return value


def _task_ids(value: object) -> tuple[UUID, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > MOST_TASKS:
        raise FrameError(f"taskIds must be a list of at most {MOST_TASKS} task ids.")
    try:
        return tuple(UUID(str(each)) for each in value)
    except ValueError as error:
        raise FrameError("taskIds must be a list of task ids.") from error
