"""Erasing a guardian from the application's tables, and finding who else's tasks speak of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orchestrator.store.connection import Connection, load_queries
from playmate.store.accounts import Guardian, GuardianId

SQL = load_queries("playmate.store", "erasure")


def mentions(conn: Connection, guardian: Guardian) -> list[UUID]:
    """Other owners' tasks about the guardian."""
    return _ids(conn, "mentions", guardian)


def plans_with(conn: Connection, guardian: Guardian) -> list[UUID]:
    """Other owners' plans that name the guardian or a kid of the guardian."""
    return _ids(conn, "plans_with", guardian)


def told_of_each_other(conn: Connection, one: GuardianId, other: GuardianId) -> tuple[list[UUID], list[UUID]]:
    """Both guardians' recommendations about the other's kids, and their plans with those kids."""
    values = {"guardian_id": one, "friend_id": other}
    about, plans = (conn.execute(SQL[name], values).fetchall() for name in ("recommendations_between", "plans_between"))
    return [row["id"] for row in about], [row["id"] for row in plans]


def erase_guardian(conn: Connection, guardian: GuardianId) -> None:
    """Deletes the guardian with everything that hangs on the account. Waits for friends' handlers that tell of it."""
    conn.execute(SQL["erase_guardian"], {"guardian_id": guardian})


def _ids(conn: Connection, query: str, guardian: Guardian) -> list[UUID]:
    values: dict[str, Any] = {"guardian_id": guardian.id, "name": guardian.name}
    return [row["id"] for row in conn.execute(SQL[query], values).fetchall()]
