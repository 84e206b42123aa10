"""Kids: a guardian's own, and those of accepted friends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from playmate.store.accounts import Guardian, GuardianId

SQL = load_queries("playmate.store", "kids")

#: Kids of a guardian.
MOST_KIDS = 20


@dataclass(frozen=True, slots=True)
class Kid:
    """A child as its guardian described it."""

    id: int
    guardian_id: GuardianId
    name: str
    age: int
    favorite_activity: str

    @classmethod
    def from_row(cls, row: DictRow) -> Kid:
        guardian = GuardianId(row["guardian_id"])
        return cls(row["id"], guardian, row["name"], row["age"], row["favorite_activity"])

    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "age": self.age,
            "favoriteActivity": self.favorite_activity,
            "guardianId": self.guardian_id,
        }


def of_guardian(conn: Connection, guardian: GuardianId) -> list[Kid]:
    """Return the guardian's own kids, in the order they were added."""
    rows = conn.execute(SQL["of_guardian"], {"guardian_id": guardian}).fetchall()
    return [Kid.from_row(row) for row in rows]


def add(conn: Connection, guardian: GuardianId, *, name: str, age: int, favorite_activity: str) -> Kid | None:
    """Return the new kid, or None when the guardian is gone or has MOST_KIDS already."""
    kid = {"name": name, "age": age, "favorite_activity": favorite_activity}
    row = conn.execute(SQL["add"], {"guardian_id": guardian, "most": MOST_KIDS, **kid}).fetchone()
    return Kid.from_row(row) if row else None


def remove(conn: Connection, kid_id: int) -> bool:
    """Remove the kid, also from results. Return False if it is not a kid of the caller."""
    row = conn.execute(SQL["remove"], {"kid_id": kid_id}).fetchone()
    return row is not None and bool(row["removed"])


@dataclass(frozen=True, slots=True)
class FriendsKid:
    """A kid of an accepted friend, and that friend."""

    kid: Kid
    guardian: Guardian

    @classmethod
    def from_row(cls, row: DictRow) -> FriendsKid:
        kid = Kid.from_row(row)
        return cls(kid, Guardian(kid.guardian_id, row["guardian_name"], row["latitude"], row["longitude"]))

    def public(self) -> dict[str, Any]:
        return {
            "kidId": self.kid.id,
            "kidName": self.kid.name,
            "age": self.kid.age,
            "favoriteActivity": self.kid.favorite_activity,
            "guardianId": self.guardian.id,
            "guardianName": self.guardian.name,
        }


def of_friends(
    conn: Connection,
    guardian: GuardianId,
    *,
    activity: str | None = None,
    min_age: float | None = None,
    max_age: float | None = None,
) -> list[FriendsKid]:
    """Return the kids of accepted friends."""
    values = {"guardian_id": guardian, "activity": activity, "min_age": min_age, "max_age": max_age}
    return [FriendsKid.from_row(row) for row in conn.execute(SQL["of_friends"], values).fetchall()]


def lock_kids(conn: Connection, me: GuardianId, friends: Sequence[Guardian]) -> tuple[list[Kid], list[FriendsKid]]:
    """Return the guardian's own kids and those of `friends`, locked until the transaction ends.

    Handlers read kids here, so the removal of a kid or the end of a friendship corrects their results.
    """
    known = {friend.id: friend for friend in friends}
    rows = conn.execute(SQL["lock_kids"], {"guardian_ids": [me, *known]}).fetchall()
    locked = [Kid.from_row(row) for row in rows]
    theirs = [FriendsKid(kid, known[kid.guardian_id]) for kid in locked if kid.guardian_id in known]
    theirs.sort(key=lambda each: (each.guardian.name.lower(), each.kid.id))
    return [kid for kid in locked if kid.guardian_id == me], theirs
