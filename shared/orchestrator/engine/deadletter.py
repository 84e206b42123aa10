"""Puts the messages of dead tasks into the dead-letter queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from orchestrator.cloud.queue import TaskQueue, Wake
from orchestrator.model.faultpoints import reach
from orchestrator.model.task import Status
from orchestrator.store import dead_letters
from orchestrator.store.db import Database


class Undertaker(Protocol):
    """A worker or a sweeper."""

    @property
    def db(self) -> Database: ...

    @property
    def dead_letters(self) -> TaskQueue: ...


def bury(by: Undertaker, rows: Iterable[Mapping[str, Any]]) -> None:
    """Sends the dead among the rows ({id, owner_id, status, seq, traceparent}); the sweeper sends what is not taken."""
    wakes = [
        Wake(row["id"], row["owner_id"], traceparent=row["traceparent"], death=row["seq"])
        for row in rows
        if row["status"] == Status.DEAD_LETTER
    ]
    if not wakes:
        return
    lost = by.dead_letters.send(wakes)
    reach("run.dead_lettered")
    sent = {wake.task_id: wake.death for wake in wakes if wake not in lost}
    if sent:
        by.db.run(dead_letters.mark_sent, sent)
