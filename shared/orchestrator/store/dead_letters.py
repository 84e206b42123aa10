"""Dead letters: sent, revived, discarded; who did it is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from orchestrator.model.encode import encode_json
from orchestrator.model.task import Json
from orchestrator.store.db import Connection, load_queries

_SQL = load_queries("orchestrator.store", "dead_letters")

#: The newest dead letters that are grouped; one request never reads more.
GROUPING_WINDOW = 50_000


def mark_sent(conn: Connection, deaths: Mapping[UUID, int]) -> None:
    """Notes that the messages of these deaths (the seq by task) are in the dead-letter queue."""
    conn.execute(_SQL["mark_sent"], {"ids": list(deaths), "seqs": list(deaths.values())})


def revive(conn: Connection, ids: Collection[UUID], actor: str, rate: float | None = None) -> list[dict[str, Any]]:
    """Gives dead letters their attempts anew, `rate` of them a second (None: all at once).

    Answers those that were dead: {id, owner_id, type, traceparent, due_in (s)}.
    """
    return conn.execute(_SQL["revive"], {"ids": list(ids), "actor": actor, "rate": rate}).fetchall()


def select(
    conn: Connection,
    *,
    ids: Collection[UUID] | None = None,
    type: str | None = None,
    fingerprint: str | None = None,
    version: str | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """Dead letters, oldest first: {id, owner_id, type, attempts, error, dead_at}."""
    return conn.execute(
        _SQL["select_dead_letters"],
        {
            "ids": list(ids) if ids is not None else None,
            "type": type,
            "fingerprint": fingerprint,
            "version": version,
            "limit": limit,
        },
    ).fetchall()


def groups(
    conn: Connection, *, type: str | None = None, fingerprint: str | None = None, version: str | None = None
) -> list[dict[str, Any]]:
    """{fingerprint, type, version, tasks, owners, first_seen, last_seen, example_id, example_owner, example_error}"""
    return conn.execute(
        _SQL["group_dead_letters"],
        {"type": type, "fingerprint": fingerprint, "version": version, "window": GROUPING_WINDOW},
    ).fetchall()


def discard(conn: Connection, ids: Collection[UUID], actor: str, reason: str) -> list[UUID]:
    """Ends dead letters as cancelled; answers which."""
    rows = conn.execute(_SQL["discard"], {"ids": list(ids), "actor": actor, "reason": reason}).fetchall()
    return [row["id"] for row in rows]


def audit(conn: Connection, actor: str, action: str, detail: Mapping[str, Json]) -> None:
    """Keeps who did what."""
    conn.execute(_SQL["audit"], {"actor": actor, "action": action, "detail": encode_json(dict(detail))})


def list_audit(conn: Connection, *, before: int | None = None, limit: int) -> list[dict[str, Any]]:
    """What operators did, newest first: {id, created_at, actor, action, detail}."""
    return conn.execute(_SQL["list_audit"], {"before": before, "limit": limit}).fetchall()
