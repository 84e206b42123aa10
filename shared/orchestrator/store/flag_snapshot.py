"""What the flags were when somebody last could read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.model.json_encoding import encode_json
from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "flag_snapshot")


def keep(conn: Connection, document: Mapping[str, Any]) -> None:
    conn.execute(_SQL["keep"], {"document": encode_json(dict(document))})


def recall(conn: Connection) -> Mapping[str, Any] | None:
    """The flag document; None where none was ever kept."""
    row = conn.execute(_SQL["recall"]).fetchone()
    return row["document"] if row else None
