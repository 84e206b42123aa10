"""Dead letters: found, grouped, redriven and discarded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import Values, fetch_all, fetch_column
from orchestrator.store.tasks import RunnableTask

_SQL = load_queries("orchestrator.store", "dead_letters")

#: The newest dead letters that are grouped; one request never reads more.
GROUPING_WINDOW = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrivenTask(RunnableTask):
    """A dead letter that is pending again, and due in `due_in` seconds."""

    due_in: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A task whose attempts are used up."""

    id: UUID
    owner_id: str
    type: str
    attempts: int
    error: Json
    dead_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Tasks of one type that failed alike under one version of the code; the example is the newest."""

    fingerprint: str
    type: str
    version: str
    tasks: int
    owners: int
    first_seen: datetime
    last_seen: datetime
    example_id: UUID
    example_owner: str
    example_error: Json


def mark_sent(conn: Connection, sent: Mapping[UUID, int]) -> None:
    """Record that the messages of these dead letters (task id: seq) are in the dead-letter queue."""
    conn.execute(_SQL["mark_sent"], {"ids": list(sent), "seqs": list(sent.values())})


def undecided(conn: Connection, messages: Sequence[tuple[UUID | None, int | None]]) -> list[bool]:
    """Return for each message of the dead-letter queue (task id, seq) whether an operator must still decide.

    A message without a task id always counts, one without a seq while its task is a dead letter: both are foreign.
    """
    values = {"ids": [task for task, _ in messages], "seqs": [seq for _, seq in messages]}
    return fetch_column(conn, bool, _SQL["undecided"], values)


def redrive(
    conn: Connection, ids: Collection[UUID], actor: str, *, rate: float | None = None, first_in: float = 0.0
) -> list[RedrivenTask]:
    """Return dead letters to pending with all their attempts: at once, or `rate` a second from `first_in` seconds on.

    Return those that were dead letters.
    """
    values = {"ids": list(ids), "seqs": None, "actor": actor, "rate": rate, "first_in": first_in}
    return fetch_all(conn, RedrivenTask, _SQL["redrive"], values)


def redrive_one(conn: Connection, task_id: UUID, seq: int, actor: str) -> bool:
    """Redrive the task if it is the dead letter of `seq`; return False when it was redriven before."""
    values = {"ids": [task_id], "seqs": [seq], "actor": actor, "rate": None, "first_in": 0.0}
    return bool(fetch_all(conn, RedrivenTask, _SQL["redrive"], values))


def select_dead_letters(
    conn: Connection,
    *,
    ids: Collection[UUID] | None = None,
    type: str | None = None,
    fingerprint: str | None = None,
    version: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[DeadLetter]:
    """Return dead letters, oldest first.

    The fingerprint or version `-` is that of those without one. `after`: the dead_at and id of the last one seen.
    """
    dead_since, last = after or (None, None)
    values = {**_chosen(ids, type, fingerprint, version), "dead_since": dead_since, "last": last, "limit": limit}
    return fetch_all(conn, DeadLetter, _SQL["select_dead_letters"], values)


def count_dead_letters(
    conn: Connection,
    *,
    ids: Collection[UUID] | None = None,
    type: str | None = None,
    fingerprint: str | None = None,
    version: str | None = None,
) -> int:
    """Return the number of dead letters that match."""
    (tasks,) = fetch_column(conn, int, _SQL["count_dead_letters"], _chosen(ids, type, fingerprint, version))
    return tasks


def group_dead_letters(
    conn: Connection,
    *,
    ids: Collection[UUID] | None = None,
    type: str | None = None,
    fingerprint: str | None = None,
    version: str | None = None,
) -> list[FailureGroup]:
    """Return the matching dead letters in groups of those that failed alike."""
    values = {**_chosen(ids, type, fingerprint, version), "window": GROUPING_WINDOW}
    return fetch_all(conn, FailureGroup, _SQL["group_dead_letters"], values)


def discard(conn: Connection, ids: Collection[UUID], actor: str, reason: str) -> list[RunnableTask]:
    """End dead letters as cancelled; return those that were dead letters."""
    return fetch_all(conn, RunnableTask, _SQL["discard"], {"ids": list(ids), "actor": actor, "reason": reason})


def _chosen(ids: Collection[UUID] | None, type: str | None, fingerprint: str | None, version: str | None) -> Values:
    listed = list(ids) if ids is not None else None
    return {"ids": listed, "type": type, "fingerprint": fingerprint, "version": version}
