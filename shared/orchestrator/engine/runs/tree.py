"""A run as a tree: every task with its spans, from the root on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.engine.runs.spans import Span, Totals, spans_of, totals_of
from orchestrator.model.errors import NotFound
from orchestrator.store import run_tree as store
from orchestrator.store.connection import Database
from orchestrator.store.owners import Owner
from orchestrator.store.run_tree import RunEvent, RunTask

#: Tasks of one answer.
MOST_TASKS = 1_000


@dataclass(frozen=True, slots=True)
class Node:
    """A task of a run with its spans."""

    task: RunTask
    spans: list[Span]


@dataclass(frozen=True, slots=True)
class Run:
    """The run that a task belongs to. `totals` are those of the root; `now` is the clock of the database."""

    nodes: list[Node]
    totals: Totals
    truncated: bool
    now: datetime


def read_run(db: Database, owner: Owner, task_id: UUID) -> Run:
    """Return the run of a task, the root first. Raise NotFound when there is no such task of `owner`."""
    tasks = db.run(store.run_tasks, owner, task_id, MOST_TASKS + 1)
    if not tasks:
        raise NotFound("There is no such task.")
    shown = tasks[:MOST_TASKS]
    events: dict[UUID, list[RunEvent]] = defaultdict(list)
    for event in db.run(store.run_events, owner, [task.id for task in shown]):
        events[event.task_id].append(event)
    nodes = [Node(task, spans_of(events[task.id], task.ready_at)) for task in shown]
    now = db.run(store.read_clock)
    return Run(nodes, totals_of(nodes[0].spans, now), len(tasks) > MOST_TASKS, now)
