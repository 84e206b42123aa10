"""Erasing a guardian from the application's tables, and find the tasks of others that name one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from playmate.domain.names import name_key
from playmate.store.accounts import Guardian, GuardianId

SQL = load_queries("playmate.store", "erasure")


def mentions(conn: Connection, guardian: Guardian) -> list[UUID]:
    """Return other owners' tasks about the guardian.

    A friend request that reached nobody has only a name. It is compared as at a request: by its key.
    """
    key = name_key(guardian.name)
    asked = conn.execute(SQL["asked_names"], {"guardian_id": guardian.id}).fetchall()
    names = [row["name"] for row in asked if name_key(row["name"]) == key]
    return _ids(conn, "mentions", {"guardian_id": guardian.id, "names": names})


def plans_with(conn: Connection, guardian: Guardian) -> list[UUID]:
    """Return other owners' plans that name the guardian or a kid of the guardian."""
    return _ids(conn, "plans_with", {"guardian_id": guardian.id})


def old_plans(conn: Connection, guardian: GuardianId, kept: int) -> list[UUID]:
    """Return the guardian's finished plans beyond the newest `kept` ones."""
    return _ids(conn, "old_plans", {"guardian_id": guardian, "kept": kept})


def notified_of_each_other(conn: Connection, one: GuardianId, other: GuardianId) -> tuple[list[UUID], list[UUID]]:
    """Both guardians' recommendations about the other's kids, and their plans with those kids."""
    values = {"guardian_id": one, "friend_id": other}
    about, plans = (conn.execute(SQL[name], values).fetchall() for name in ("recommendations_between", "plans_between"))
    return [row["id"] for row in about], [row["id"] for row in plans]


def erase_guardian(conn: Connection, guardian: GuardianId) -> None:
    """Delete the guardian with every row of the account. Wait for friends' handlers that read it."""
    conn.execute(SQL["erase_guardian"], {"guardian_id": guardian})


def _ids(conn: Connection, query: str, values: dict[str, Any]) -> list[UUID]:
    return [row["id"] for row in conn.execute(SQL[query], values).fetchall()]
