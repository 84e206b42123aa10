"""The newest recommendations of a guardian about each friend, and whether they are outdated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from playmate.store.accounts import Guardian, GuardianId

SQL = load_queries("playmate.store", "recommendations")


@dataclass(frozen=True, slots=True)
class AboutFriend:
    """The recommendations about a family; `result` and `task_id` are None until a task has made them."""

    friend: Guardian
    #: Whether the request is accepted; the friend has no point here before.
    friends: bool
    task_id: UUID | None
    made_at: datetime | None
    result: dict[str, Any] | None
    outdated: bool
    now: datetime

    @classmethod
    def from_row(cls, row: DictRow) -> AboutFriend:
        friend = Guardian(GuardianId(row["friend_id"]), row["name"], row["latitude"], row["longitude"])
        made = (row["task_id"], row["made_at"], row["result"])
        return cls(friend, row["friends"], *made, outdated=row["outdated"], now=row["now"])


def changes_of(conn: Connection, guardian: GuardianId, friend: GuardianId) -> int | None:
    """Return the number of changes so far, to be read before the result is made; None without a link."""
    row = conn.execute(SQL["changes_of"], {"guardian_id": guardian, "friend_id": friend}).fetchone()
    return row["changes"] if row else None


def put_recommendations(
    conn: Connection, guardian: GuardianId, friend: GuardianId, task: UUID, changes: int, result: Mapping[str, Any]
) -> list[UUID]:
    """Store a result that was made after `changes` changes; return the task of the result before it, if any."""
    values = {"guardian_id": guardian, "friend_id": friend, "task_id": task, "changes": changes}
    rows = conn.execute(SQL["put_recommendations"], {**values, "result": Jsonb(dict(result))}).fetchall()
    return [row["earlier"] for row in rows if row["earlier"] not in (None, task)]


def has_changes(conn: Connection, guardian: GuardianId) -> bool:
    """Return whether the family has a change that no renewal was asked for."""
    [row] = conn.execute(SQL["has_changes"], {"guardian_id": guardian}).fetchall()
    return bool(row["changed"])


def families_with_passed_times(conn: Connection, after: int, most: int) -> list[GuardianId]:
    """Return up to `most` families with an id above `after` and a proposed time that has passed, in order."""
    rows = conn.execute(SQL["families_with_passed_times"], {"after": after, "most": most}).fetchall()
    return [GuardianId(row["family"]) for row in rows]


def ask_for_renewals(
    conn: Connection, guardian: GuardianId, most: int, patience: float
) -> list[tuple[GuardianId, GuardianId]]:
    """Return up to `most` pairs (guardian, friend) to renew, each again after `patience` seconds at the earliest."""
    values = {"guardian_id": guardian, "most": most, "patience": patience}
    rows = conn.execute(SQL["ask_for_renewals"], values).fetchall()
    return [(GuardianId(row["guardian_id"]), GuardianId(row["friend_id"])) for row in rows]


def about_friends(conn: Connection, guardian: GuardianId) -> list[AboutFriend]:
    """Return the recommendations about friends and about families with an open request, the newest first."""
    rows = conn.execute(SQL["about_friends"], {"guardian_id": guardian}).fetchall()
    return [AboutFriend.from_row(row) for row in rows]
