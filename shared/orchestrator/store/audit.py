"""The audit trail: the actions of operators."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all

_SQL = load_queries("orchestrator.store", "audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAction:
    """One entry of the audit trail."""

    id: int
    created_at: datetime
    actor: str
    action: str
    detail: dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagChange:
    """The last change of a flag."""

    name: str
    actor: str
    created_at: datetime


def record_action(conn: Connection, actor: str, action: str, detail: Mapping[str, Json]) -> None:
    """Append an entry; commits with the caller's transaction, or by itself outside of one."""
    conn.execute(_SQL["record_action"], {"actor": actor, "action": action, "detail": encode_json(dict(detail))})


def list_actions(
    conn: Connection, *, actor: str | None = None, action: str | None = None, before: int | None = None, limit: int
) -> list[OperatorAction]:
    """Return entries, newest first; `before` is the id of the last entry seen."""
    values = {"actor": actor, "action": action, "before": before, "limit": limit}
    return fetch_all(conn, OperatorAction, _SQL["list_actions"], values)


def last_flag_changes(conn: Connection, flags: Collection[str]) -> dict[str, FlagChange]:
    """Return the last change of each flag by its name; a flag that no operator has changed is missing."""
    changes = fetch_all(conn, FlagChange, _SQL["last_flag_changes"], {"flags": list(flags)})
    return {change.name: change for change in changes}
