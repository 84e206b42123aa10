"""Queue events: records in, what they ask for out. A record that makes no sense asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.cloud.queue import parse_body


def owners(event: Mapping[str, Any]) -> list[str]:
    """Whose tasks changed, each once, by the event queue's hints."""
    return list(dict.fromkeys(_owners(event)))


def _owners(event: Mapping[str, Any]) -> Iterator[str]:
    for record in event.get("Records", []):
        owner = parse_body(record["body"]).get("owner")
        if isinstance(owner, str) and owner:
            yield owner
