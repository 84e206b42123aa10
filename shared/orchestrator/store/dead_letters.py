"""Dead letters: sent, revived, discarded; who did it is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "dead_letters")

#: The newest dead letters that are grouped; one request never reads more.
GROUPING_WINDOW = 50_000


def mark_sent(conn: Connection, deaths: Mapping[UUID, int]) -> None:
    """Notes that the messages of these deaths (the seq by task) are in the dead-letter queue."""
    conn.execute(_SQL["mark_sent"], {"ids": list(deaths), "seqs": list(deaths.values())})


def waiting(conn: Connection, letters: Sequence[tuple[UUID | None, int | None]]) -> list[bool]:
    """Of each letter (task, seq of its death) whether somebody has to decide: that death is not over.

    One that names no task waits, and one that names no death does while its task is dead: both are not ours.
    """
    values = {"ids": [task for task, _ in letters], "seqs": [death for _, death in letters]}
    return [row["waits"] for row in conn.execute(_SQL["letters_waiting"], values)]


def revive(
    conn: Connection, ids: Collection[UUID], actor: str, *, rate: float | None = None, first_in: float = 0.0
) -> list[dict[str, Any]]:
    """Gives dead letters their attempts anew: all at once, or `rate` a second from `first_in` seconds on.

    Answers those that were dead: {id, owner_id, type, traceparent, due_in (s)}.
    """
    values = {"ids": list(ids), "seqs": None, "actor": actor, "rate": rate, "first_in": first_in}
    return conn.execute(_SQL["revive"], values).fetchall()


def revive_death(conn: Connection, task_id: UUID, seq: int, actor: str) -> bool:
    """Gives the task its attempts anew if it died at `seq`; false where it was revived, and may have died again."""
    values = {"ids": [task_id], "seqs": [seq], "actor": actor, "rate": None, "first_in": 0.0}
    return bool(conn.execute(_SQL["revive"], values).fetchall())


def select(
    conn: Connection,
    *,
    ids: Collection[UUID] | None = None,
    type: str | None = None,
    fingerprint: str | None = None,
    version: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """Dead letters, oldest first: {id, owner_id, type, attempts, error, dead_at}.

    The fingerprint or version `-` is that of those without one. `after`: the dead_at and id of the last one seen.
    """
    dead_since, last = after or (None, None)
    values = {**_chosen(ids, type, fingerprint, version), "dead_since": dead_since, "last": last, "limit": limit}
    return conn.execute(_SQL["select_dead_letters"], values).fetchall()


def count(
    conn: Connection,
    *,
    ids: Collection[UUID] | None = None,
    type: str | None = None,
    fingerprint: str | None = None,
    version: str | None = None,
) -> int:
    """How many `select` would find without a limit."""
    (row,) = conn.execute(_SQL["count_dead_letters"], _chosen(ids, type, fingerprint, version)).fetchall()
    return int(row["tasks"])


def groups(
    conn: Connection,
    *,
    ids: Collection[UUID] | None = None,
    type: str | None = None,
    fingerprint: str | None = None,
    version: str | None = None,
) -> list[dict[str, Any]]:
    """{fingerprint, type, version, tasks, owners, first_seen, last_seen, example_id, example_owner, example_error}"""
    values = {**_chosen(ids, type, fingerprint, version), "window": GROUPING_WINDOW}
    return conn.execute(_SQL["group_dead_letters"], values).fetchall()


def discard(conn: Connection, ids: Collection[UUID], actor: str, reason: str) -> list[dict[str, Any]]:
    """Ends dead letters as cancelled; answers those that were dead: {id, owner_id, traceparent}."""
    return conn.execute(_SQL["discard"], {"ids": list(ids), "actor": actor, "reason": reason}).fetchall()


def audit(conn: Connection, actor: str, action: str, detail: Mapping[str, Json]) -> None:
    """Keeps who did what."""
    conn.execute(_SQL["audit"], {"actor": actor, "action": action, "detail": encode_json(dict(detail))})


def list_audit(
    conn: Connection, *, actor: str | None = None, action: str | None = None, before: int | None = None, limit: int
) -> list[dict[str, Any]]:
    """What operators did, newest first: {id, created_at, actor, action, detail}."""
    given = {"actor": actor, "action": action, "before": before, "limit": limit}
    return conn.execute(_SQL["list_audit"], given).fetchall()


def last_flag_changes(conn: Connection, flags: Collection[str]) -> dict[str, dict[str, Any]]:
    """Who set each flag last: {actor, created_at} by its name, where somebody did."""
    rows = conn.execute(_SQL["last_flag_changes"], {"flags": list(flags)}).fetchall()
    return {row["name"]: row for row in rows}


def _chosen(
    ids: Collection[UUID] | None, type: str | None, fingerprint: str | None, version: str | None
) -> dict[str, Any]:
    listed = list(ids) if ids is not None else None
    return {"ids": listed, "type": type, "fingerprint": fingerprint, "version": version}
