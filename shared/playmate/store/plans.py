"""The plan of a family: its suggestions, how far the family travels, and whether the plan is up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from playmate.store.accounts import GuardianId

SQL = load_queries("playmate.store", "plans")

#: Distance that a family travels until it chooses another one (km).
USUAL_REACH = 15


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A family's plan; `planned_at` is None until there is one, `changed_at` while nothing has changed since."""

    reach_km: int
    planned_at: datetime | None
    changed_at: datetime | None
    message: str | None
    suggestions: list[dict[str, Any]]
    too_far: list[dict[str, Any]]
    now: datetime


def get_plan(conn: Connection, guardian: GuardianId) -> StoredPlan:
    """Return the guardian's plan, an empty one where there is none."""
    row = conn.execute(SQL["get_plan"], {"guardian_id": guardian}).fetchone()
    assert row is not None  # noqa: S101 (a left join from one row has one row)
    return StoredPlan(
        reach_km=row["reach_km"] or USUAL_REACH,
        planned_at=row["planned_at"],
        changed_at=row["changed_at"],
        message=row["message"],
        suggestions=row["suggestions"] or [],
        too_far=row["too_far"] or [],
        now=row["now"],
    )


def lock_plan(conn: Connection, guardian: GuardianId) -> int:
    """Lock the guardian's plan until the transaction ends; return the reach in km."""
    row = conn.execute(SQL["lock_plan"], {"guardian_id": guardian}).fetchone()
    return int(row["reach_km"]) if row else USUAL_REACH


def put_plan(conn: Connection, guardian: GuardianId, plan: Mapping[str, Any]) -> None:
    """Store a plan that was just made: {message, suggestions, tooFar}."""
    values = {
        "guardian_id": guardian,
        "message": plan["message"],
        "suggestions": Jsonb(plan["suggestions"]),
        "too_far": Jsonb(plan["tooFar"]),
    }
    conn.execute(SQL["put_plan"], values)


def put_settings(conn: Connection, guardian: GuardianId, reach_km: int | None, home_zone: str | None) -> bool:
    """Set the reach in km and the zone of the device, each where it is given; False when the account is gone."""
    values = {"guardian_id": guardian, "reach_km": reach_km, "home_zone": home_zone}
    return conn.execute(SQL["put_settings"], values).fetchone() is not None


def home_zones(conn: Connection, guardians: Sequence[GuardianId]) -> dict[GuardianId, str]:
    """Return the zones of the devices of those guardians that have named one."""
    rows = conn.execute(SQL["home_zones"], {"guardian_ids": list(guardians)}).fetchall()
    return {GuardianId(row["guardian_id"]): row["home_zone"] for row in rows}


def planning(conn: Connection, guardian: GuardianId) -> UUID | None:
    """Return the guardian's task that makes a plan at this moment."""
    row = conn.execute(SQL["planning"], {"owner": str(guardian)}).fetchone()
    return row["id"] if row else None
