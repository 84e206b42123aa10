"""Streams: the text that a running attempt writes piece by piece, for its owner to read while it grows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_one, fetch_value
from orchestrator.store.steps import Write, written

_SQL = load_queries("orchestrator.store", "streams")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A generation of a stream that has begun, and whether the owner has a subscribed connection."""

    generation: int
    watched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamText:
    """The text of a stream's present generation; `done`: no more will come."""

    generation: int
    text: str
    done: bool


def begin_stream(conn: Connection, task_id: UUID, token: int, stream: str, text: str) -> Begun | None:
    """Start the next generation of a stream with its first text. None: another attempt owns the task."""
    values = {"task_id": task_id, "token": token, "stream": stream, "text": text}
    return fetch_one(conn, Begun, _SQL["begin_stream"], values)


def append_chunk(
    conn: Connection, task_id: UUID, token: int, stream: str, generation: int, start: int, text: str
) -> Write:
    """Add text to a generation; `start` is the number of characters before it."""
    return _append(conn, "append_chunk", task_id, token, stream, generation, start, text)


def end_stream(
    conn: Connection, task_id: UUID, token: int, stream: str, generation: int, start: int, text: str
) -> Write:
    """Add the last text of a generation, and store all of it in one row."""
    return _append(conn, "end_stream", task_id, token, stream, generation, start, text)


def read_stream(conn: Connection, owner: str, task_id: UUID, stream: str, after: int) -> StreamText | None:
    """Return the text of a stream after so many characters. None: the owner has no such stream."""
    values = {"owner_id": owner, "task_id": task_id, "stream": stream, "after": after}
    return fetch_one(conn, StreamText, _SQL["read_stream"], values)


def _append(
    conn: Connection, statement: str, task_id: UUID, token: int, stream: str, generation: int, start: int, text: str
) -> Write:
    values = {
        "task_id": task_id,
        "token": token,
        "stream": stream,
        "generation": generation,
        "start": start,
        "text": text,
    }
    return written(fetch_value(conn, bool, _SQL[statement], values))
