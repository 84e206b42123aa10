"""Waits of tasks for signals and approvals, and the signals themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.outcome import Question, Wait, WaitKind
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_one, fetch_value
from orchestrator.store.tasks import RunnableTask

_SQL = load_queries("orchestrator.store", "waits")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWait:
    """A wait of a task, or a signal that no wait has asked for yet (`began` is false).

    `over`: it expired; `seconds_left` is None while it has no end. `answered_at` is None while it is open.
    """

    owner_id: str
    kind: WaitKind
    began: bool
    over: bool
    seconds_left: float | None
    asked: list[str]
    operators: bool
    model: str | None
    digest: str | None
    version: str | None
    shown: Json
    token: str | None
    value: Json
    answered_at: datetime | None
    answered_by: str | None
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An open question; `token` is None where the reader may not answer it."""

    task_id: UUID
    name: str
    kind: WaitKind
    schema: Json
    shown: Json
    until: datetime | None
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalledTask:
    """A locked task that gets a signal; `awaits` is None unless it sleeps or waits for an answer."""

    status: Status
    awaits: str | None


@contextmanager
def on_behalf(conn: Connection, owner: str) -> Iterator[None]:
    """Run the block of an open transaction for the rows of `owner`; afterwards they are those of before."""
    before = _change_owner(conn, owner)
    yield
    _change_owner(conn, before)


def _change_owner(conn: Connection, owner: str) -> str:
    # A plain cursor: for a handler's connection this is the engine's own change, and it is taken back.
    row = psycopg.Cursor(conn).execute(_SQL["change_owner"], {"owner": owner}).fetchone()
    return str(row["before"]) if row else ""


def find_wait(conn: Connection, task_id: UUID, name: str) -> StoredWait | None:
    """Return a task's wait of that name, or the signal that was sent before it."""
    return fetch_one(conn, StoredWait, _SQL["find_wait"], {"task_id": task_id, "name": name})


def sleep_left(conn: Connection, task_id: UUID, name: str, seconds: float | None, until: datetime | None) -> float:
    """Return the seconds left of a sleep that has begun or begins now, for `seconds` or `until` a time."""
    values = {"task_id": task_id, "name": f"sleep:{name}", "seconds": seconds, "until": until}
    return fetch_value(conn, float, _SQL["sleep_left"], values) or 0.0


def begin_wait(conn: Connection, task_id: UUID, token: int, wait: Wait) -> None:
    """Store a wait whose attempt `finish` has just written in this transaction; nothing when it had lost its task."""
    values = {"task_id": task_id, "token": token, "awaits": wait.awaits, "kind": wait.kind, "name": wait.name}
    if wait.kind == "sleep":
        conn.execute(_SQL["begin_sleep"], values)
    elif wait.question is not None:
        conn.execute(_SQL["begin_question"], {**values, **_columns(wait.question)})


def _columns(question: Question) -> dict[str, object]:
    return {
        "asked": list(question.asked),
        "operators": question.operators,
        "expires": question.expires,
        "schema": question.schema,
        "model": question.model,
        "shown": question.shown,
        "digest": question.digest,
        "version": question.version,
        "token": question.token,
        "discards": question.discards_answer,
    }


def wake_answered(conn: Connection, ids: Collection[UUID]) -> list[RunnableTask]:
    """Make tasks due that began to wait in this transaction and whose answer is there already; return them."""
    return fetch_all(conn, RunnableTask, _SQL["wake_answered"], {"ids": list(ids)})


def use_decision(conn: Connection, task_id: UUID, token: int, name: str) -> None:
    """Note that an attempt acts on a decision: from now on it counts in every version of the code."""
    conn.execute(_SQL["use_decision"], {"task_id": task_id, "token": token, "name": name})


def open_asks(conn: Connection, task_id: UUID) -> list[Ask]:
    """Return the open questions of a task."""
    return fetch_all(conn, Ask, _SQL["open_asks"], {"task_id": task_id})


def asks_of(conn: Connection, owner: str, limit: int) -> list[Ask]:
    """Return the open questions that an owner may answer, of other owners' tasks too, oldest first."""
    return fetch_all(conn, Ask, _SQL["asks_of"], {"owner_id": owner, "limit": limit})


def asks_of_operators(conn: Connection, limit: int) -> list[Ask]:
    """Return the open questions that only operators may answer, oldest first."""
    return fetch_all(conn, Ask, _SQL["asks_of_operators"], {"limit": limit})


def lock_signalled(conn: Connection, task_id: UUID, owner: str) -> SignalledTask | None:
    """Lock and return the task of `owner` that a signal is for."""
    return fetch_one(conn, SignalledTask, _SQL["lock_signalled"], {"task_id": task_id, "owner_id": owner})


def count_early(conn: Connection, task_id: UUID) -> int:
    """Return the number of a task's signals that no wait has asked for yet."""
    return fetch_value(conn, int, _SQL["count_early"], {"task_id": task_id}) or 0


def store_signal(conn: Connection, task_id: UUID, owner: str, name: str, value: str, by: str) -> bool:
    """Store the value (JSON text) of the first signal of its name; return False when there is one already."""
    values = {"task_id": task_id, "owner_id": owner, "name": name, "value": value, "by": by}
    return fetch_value(conn, datetime, _SQL["store_signal"], values) is not None


def note_signal(conn: Connection, task_id: UUID, name: str, by: str, *, wakes: bool) -> RunnableTask:
    """Write a signal's event and return the locked task, which is due now when the signal `wakes` it."""
    values = {"task_id": task_id, "wakes": wakes, "event": encode_json({"signal": name, "by": by})}
    (task,) = fetch_all(conn, RunnableTask, _SQL["note_signal"], values)
    return task
