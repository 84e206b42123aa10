"""Attempts: claimed, locked and finished. The attempt's token fences every write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.outcome import Outcome
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_column
from orchestrator.store.tasks import RunnableTask

_SQL = load_queries("orchestrator.store", "attempts")

#: The error of a task whose worker died or ran out of time.
CRASHED = {
    "kind": "crashed",
    "message": "The worker running it died or ran out of time.",
    "fingerprint": "worker-lost",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A claimed task with everything that its handler needs, and the token that fences its writes."""

    id: UUID
    token: int
    owner_id: str
    type: str
    payload: Json
    payload_version: int
    attempts: int
    max_attempts: int
    flags: dict[str, bool] | None
    parent_id: UUID | None
    traceparent: str | None
    alone: bool  # without batch neighbours
    losses: int  # connections lost in a row while it ran
    overdue: bool  # its deadline has passed
    waited: float  # seconds between due and claimed
    age: float  # seconds since submit
    watched: bool  # the owner has a subscribed socket

    def log_context(self) -> dict[str, str | int | None]:
        return {
            "task_id": str(self.id),
            "task_type": self.type,
            "attempt": self.attempts,
            "owner": self.owner_id,
            "trace_id": self.traceparent.split("-")[1] if self.traceparent else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclaimedTask:
    """Why a task was not claimed. Durations in seconds; due_in is None while only children can wake it."""

    id: UUID
    owner_id: str
    type: str
    status: Status
    seq: int
    suspect: bool
    limited: bool
    parked_by: str | None
    waiting_for: int | None
    awaits: str | None
    traceparent: str | None
    due_in: float | None
    lease_left: float | None
    dead_ms: float | None
    overdue: bool  # its deadline has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedLease:
    """A task that was taken back from a worker whose lease had ended."""

    id: UUID
    owner_id: str
    type: str
    status: Status
    seq: int
    attempts: int
    parent_id: UUID | None
    traceparent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A task that `finish` changed."""

    id: UUID
    owner_id: str
    type: str
    status: Status
    seq: int
    attempts: int
    parent_id: UUID | None
    age: float  # seconds since it could first run
    watched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Locked:
    marker: str
    id: UUID | None


def claim(
    conn: Connection,
    ids: Collection[UUID],
    *,
    worker: str,
    lease: float,
    alone: bool,
    paused_types: Collection[str] = (),
    limited: bool = False,
) -> list[Attempt]:
    """Lease the tasks that may run now for `lease` seconds.

    `limited`: claim tasks of limited types, whose limit the caller has checked.
    """
    values = {
        "ids": _uuid_array(ids),
        "worker": worker,
        "lease": lease,
        "alone": alone,
        "paused_types": list(paused_types),
        "limited": limited,
    }
    return fetch_all(conn, Attempt, _SQL["claim"], values)


def claim_limited(
    conn: Connection,
    sight: UnclaimedTask,
    *,
    worker: str,
    lease: float,
    paused_types: Collection[str],
    limit: int,
    alone: bool = True,
) -> list[Attempt]:
    """Claim a task of a limited type; the owner's claims of that type wait for each other."""
    group = {"owner_id": sight.owner_id, "type": sight.type}
    with conn.transaction():
        conn.execute(_SQL["lock_limit"], group)
        counted = conn.execute(_SQL["count_limited"], group).fetchone()
        if counted is None or counted["running"] >= limit:
            return []
        return claim(
            conn,
            [sight.id],
            worker=worker,
            lease=lease,
            alone=alone,
            paused_types=paused_types,
            limited=True,
        )


def start(conn: Connection, attempts: Sequence[Attempt], event: Json) -> set[UUID]:
    """Write that the attempts' handlers begin, each with an event; return the ids that the attempts still own."""
    return set(fetch_column(conn, UUID, _SQL["start"], {**_fences(attempts), "event": encode_json(event)}))


def unclaim(conn: Connection, attempts: Sequence[Attempt]) -> set[UUID]:
    """Return attempts that did not start to pending, without an event; return the ids that the attempts still owned."""
    return set(fetch_column(conn, UUID, _SQL["unclaim"], _fences(attempts)))


def renew(conn: Connection, attempts: Sequence[Attempt], lease: float) -> set[UUID]:
    """Lease running attempts for `lease` seconds from now; return the ids that the attempts still own."""
    return set(fetch_column(conn, UUID, _SQL["renew"], {**_fences(attempts), "lease": lease}))


def _fences(attempts: Sequence[Attempt]) -> dict[str, object]:
    return {"ids": [a.id for a in attempts], "tokens": [a.token for a in attempts]}


def _uuid_array(ids: Collection[UUID]) -> str:
    """Return the ids as a Postgres array in text, which costs psycopg less than a list."""
    return f"{{{','.join(map(str, ids))}}}"


def find_unclaimed(conn: Connection, ids: Collection[UUID]) -> dict[UUID, UnclaimedTask]:
    """Return the state of tasks that were not claimed, by id. A task that is missing does not exist."""
    return {sight.id: sight for sight in fetch_all(conn, UnclaimedTask, _SQL["find_unclaimed"], {"ids": list(ids)})}


def end_leases(conn: Connection, ids: Collection[UUID]) -> list[EndedLease]:
    """Return tasks whose lease has ended to pending, or make them dead letters when their attempts are used up."""
    return fetch_all(conn, EndedLease, _SQL["end_leases"], {"ids": list(ids), "error": encode_json(CRASHED)})


def lock_attempts(conn: Connection, attempts: Sequence[Attempt]) -> tuple[str, set[UUID]]:
    """Lock the attempts' rows until the transaction ends; return its marker and the ids that the attempts still own."""
    rows = fetch_all(conn, _Locked, _SQL["lock_attempts"], _fences(attempts))
    return rows[0].marker, {row.id for row in rows if row.id is not None}


def pin_flags(conn: Connection, values: Sequence[tuple[Attempt, Mapping[str, bool]]]) -> None:
    """Store the flag values that first attempts used."""
    flags = [encode_json(dict(pinned)) for _, pinned in values]
    conn.execute(_SQL["pin_flags"], {**_fences([a for a, _ in values]), "flags": flags})


def finish(
    conn: Connection,
    outcomes: Sequence[Outcome],
    marker: str | None = None,
    *,
    ran: Mapping[UUID, float] | None = None,
    started: Json = None,
) -> list[Finished]:
    """Write outcomes in one statement; those of attempts that lost their task are missing from the answer.

    `marker`: of the handlers' transaction that this statement must be in, and that may be committed after it.
    `ran`: by task, the seconds since the handler began, where `start` has not written its started event; `started` is
    that event's data.

    The outcomes travel as one JSON text, which costs psycopg less than a dozen arrays.
    """
    rows = [_row(o, (ran or {}).get(o.task_id)) for o in outcomes]
    values = {"outcomes": encode_json(rows), "marker": marker, "started": encode_json(started)}
    return fetch_all(conn, Finished, _SQL["finish"], values)


def _row(o: Outcome, ran: float | None) -> dict[str, Json]:
    """Return an outcome as an object of the statement's JSON text; a missing field is null."""
    columns = {
        "id": str(o.task_id),
        "token": o.token,
        "status": o.status.value,
        "kind": o.kind,
        "result": o.result,
        "error": o.error,
        "delay": o.wait.deadline if o.wait else o.delay,
        "refund": 1 if o.refund else None,
        "parked_by": o.parked_by,
        "waiting_for": o.wait.needed if o.wait else None,
        "awaits": o.wait.name if o.wait else o.suspended.awaits if o.suspended else None,
        "event": o.event,
        "lost": 1 if o.connection_lost else None,
        "ran": ran,
    }
    return {name: value for name, value in columns.items() if value is not None}


def next_limited(conn: Connection, freed: Mapping[tuple[str, str], int]) -> list[RunnableTask]:
    """Return the oldest tasks that wait for a limit, at most the freed number of each (owner, type)."""
    owners, types = zip(*freed, strict=True)
    values = {"owners": list(owners), "types": list(types), "slots": list(freed.values())}
    return fetch_all(conn, RunnableTask, _SQL["next_limited"], values)


def park(conn: Connection, task_id: UUID, flag: str) -> None:
    """Park a due task until `flag` is on again."""
    conn.execute(_SQL["park"], {"id": task_id, "flag": flag})
