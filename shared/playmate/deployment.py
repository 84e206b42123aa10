"""The part of the application in the migrate function, besides its migrations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.store.connection import Connection, Database
from playmate.knowledge import load_documents
from playmate.store.operators import promote


def handle_event(database: Database, event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Make an account an operator's for `{"operator": NAME}`; return None for every other event."""
    return promote(database, str(event["operator"])) if "operator" in event else None


def after_migrations(connection: Connection) -> Mapping[str, int]:
    """Load the documents of this version and return how many there are."""
    return {"documents": load_documents(connection)}
