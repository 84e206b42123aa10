"""The audit trail of a change outside the database: one entry before it, one with its outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from orchestrator.http.app import Services
from orchestrator.model.errors import Unavailable
from orchestrator.model.task import Json
from orchestrator.observability import logger
from orchestrator.store import audit


@contextmanager
def on_record(services: Services, actor: str, action: str, detail: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Record that `actor` begins `action`, then how the block ended.

    The first entry is written before the block runs, so that no change outside the database lacks a record.
    """
    services.db.run(audit.record_action, actor, action, {**detail, "step": "begun"})
    outcome: dict[str, Json] = {"step": "done"}
    try:
        yield outcome
    except Exception as error:
        outcome = {"step": "failed", "error": str(error)}
        raise
    finally:
        try:
            services.db.run(audit.record_action, actor, action, {**detail, **outcome})
        except Unavailable as error:
            logger.warning("outcome not kept in the trail", extra={"action": action}, exc_info=error)
