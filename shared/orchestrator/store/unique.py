"""Unique tasks: the unfinished task that has a key, and the idempotency keys of the submits that it answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_one
from orchestrator.store.tasks import NewTask, StoredTask

_SQL = load_queries("orchestrator.store", "unique")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The unfinished task that has a unique key."""

    id: UUID
    started: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The task that answered a submit, None when it has been removed, and the hash of that request."""

    task_id: UUID | None
    joined_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewedTask(StoredTask):
    """A task with the payload of a later submit; `sooner`: it is due before its message arrives."""

    sooner: bool


def find_joined(conn: Connection, owner: str, idempotency_key: str) -> Joined | None:
    """Return the answer of an earlier submit under this idempotency key that made no task."""
    values = {"owner_id": owner, "idempotency_key": idempotency_key}
    return fetch_one(conn, Joined, _SQL["find_joined"], values)


def remember_key(conn: Connection, new: NewTask, task_id: UUID) -> None:
    """Store that `task_id` answered the submit of `new`."""
    values = {"owner_id": new.owner_id, "idempotency_key": new.idempotency_key, "request_hash": new.request_hash}
    conn.execute(_SQL["remember_key"], {**values, "task_id": task_id})


def prune_keys(conn: Connection, days: int) -> None:
    """Delete the idempotency keys of submits that are older than `days`."""
    conn.execute(_SQL["prune_keys"], {"days": days})


def lock_holder(conn: Connection, new: NewTask) -> Holder | None:
    """Lock the unfinished task that has the unique key of `new` until the transaction ends."""
    values = {"owner_id": new.owner_id, "type": new.type, "unique_key": new.unique_key}
    return fetch_one(conn, Holder, _SQL["lock_holder"], values)


def renew_holder(conn: Connection, holder: UUID, new: NewTask, longest: float | None) -> RenewedTask:
    """Give a locked task that has not started the payload and times of `new`.

    It is due `longest` seconds after its first submit at the latest.
    """
    renewed = fetch_one(conn, RenewedTask, _SQL["renew_holder"], {**asdict(new), "id": holder, "longest": longest})
    if renewed is None:
        raise LookupError(f"task {holder} is not pending")
    return renewed


def release_key(conn: Connection, holder: UUID) -> None:
    """Take the unique key from a locked task, for a later one."""
    conn.execute(_SQL["release_key"], {"id": holder})
