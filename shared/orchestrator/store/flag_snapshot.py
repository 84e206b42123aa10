"""The last feature flags that a function could read, for containers that cannot."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_value

_SQL = load_queries("orchestrator.store", "flag_snapshot")


def save_flags(conn: Connection, document: Mapping[str, Json]) -> None:
    conn.execute(_SQL["save_flags"], {"document": encode_json(dict(document))})


def load_flags(conn: Connection) -> Mapping[str, Json] | None:
    """Return the flag document, or None when none was ever saved."""
    return fetch_value(conn, dict[str, Json], _SQL["load_flags"])
