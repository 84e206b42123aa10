"""An indoor idea of the knowledge base, in case it rains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from orchestrator.store.connection import Connection
from playmate.sources import local_insight
from playmate.store.accounts import Guardian
from playmate.store.kids import Kid

#: Characters of an idea.
LONGEST = 300


def indoor_idea(conn: Connection, host: Guardian, kids: Sequence[Kid], at: datetime) -> str | None:
    """Return the best indoor document's title for the host's point and kids; None without a point or a document."""
    if host.point is None:
        return None
    question = replace(local_insight.ask(local_insight.locate(host.point, at), kids), setting="indoor", most=1)
    found = local_insight.retrieve(conn, question)
    return f"If it rains: {found[0]['title']}."[:LONGEST] if found else None
