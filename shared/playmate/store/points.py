"""Playdate points: where a family likes to meet."""

from __future__ import annotations

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from playmate.domain.coordinates import Point
from playmate.store.accounts import GuardianId

SQL = load_queries("playmate.store", "points")


def get_point(conn: Connection, guardian: GuardianId) -> Point | None:
    """Return the guardian's point; None until there is one."""
    row = conn.execute(SQL["get_point"], {"guardian_id": guardian}).fetchone()
    return Point(row["latitude"], row["longitude"]) if row else None


def set_point(conn: Connection, guardian: GuardianId, point: Point) -> bool:
    """False when there is no such guardian any more."""
    values = {"guardian_id": guardian, "latitude": point.latitude, "longitude": point.longitude}
    return conn.execute(SQL["set_point"], values).fetchone() is not None
