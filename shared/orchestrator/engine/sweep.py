"""The sweeper: it repairs lost messages and ended leases. Any number of sweepers may run at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from orchestrator.aws.queues import EventQueue, NamedTask, TaskMessage, TaskQueue
from orchestrator.aws.websocket_api import Sockets
from orchestrator.engine import task_telemetry
from orchestrator.engine.dead_letter_queue import delete_settled_messages, send_dead_letters
from orchestrator.engine.flags import FlagReader
from orchestrator.engine.joins import check_joins, end_leases
from orchestrator.engine.limits.claims import wake_all
from orchestrator.engine.live.subscriptions import close_expired
from orchestrator.engine.operators.staged_redrive import advance_all
from orchestrator.engine.operators.statistics import measure
from orchestrator.engine.schedules import insert_due_runs
from orchestrator.model.fault_injection import reach
from orchestrator.model.session import LONGEST_SESSION
from orchestrator.model.states import Status
from orchestrator.observability import logger, metrics
from orchestrator.store import budgets, flag_snapshot, limits, rate_limits, sessions, unique
from orchestrator.store import sweep as store
from orchestrator.store.connection import Database
from orchestrator.store.sweep import LateTask

#: Rows that one statement reads.
PAGE = 500
#: Paused tasks of one flag that become due in a minute, so that a flag that is on again causes no flood.
UNPARK_RATE = 500
#: Seconds left of a lease that its worker should have renewed by now: of 60, renewed after 20, and 5 for the renewal.
SILENT = 35.0
#: Days that finished tasks are kept.
RETENTION_DAYS = 30
#: Days that the sums of costs are kept.
SPENDING_DAYS = 400
#: Seconds that a token may be accepted after its end, generously.
CLOCK_DIFFERENCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """The parts that the sweeper uses."""

    db: Database
    queue: TaskQueue
    dead_letters: TaskQueue
    events: EventQueue
    sockets: Sockets
    flags: FlagReader


def sweep(sweeper: Sweeper, remaining: Callable[[], float]) -> dict[str, int]:
    """Run one round, page by page while time is left (`remaining` in seconds); return the number of repairs.

    The statistics are measured even when a repair fails.
    """
    try:
        return _round(sweeper, remaining)
    finally:
        measure(sweeper.db)


def _round(sweeper: Sweeper, remaining: Callable[[], float]) -> dict[str, int]:
    repaired = {
        "woken": 0,
        "resent": 0,
        "leases": 0,
        "dead_letters": 0,
        "unparked": 0,
        "settled": 0,
        "pruned": 0,
        "sockets": 0,
    }
    while remaining() > 5.0:
        late = sweeper.db.run(store.due_for_sweep, PAGE)
        reach("sweep.marked")
        _repair(sweeper, late, repaired)
        if len(late) < PAGE:
            break
    _wake_silent(sweeper)
    repaired["scheduled"] = insert_due_runs(sweeper.db, sweeper.queue, remaining)
    known = sweeper.flags.last_read()
    if known is not None:
        sweeper.db.run(flag_snapshot.save_flags, known)
    repaired["unparked"] = _unpark(sweeper)
    repaired["granted"] = wake_all(sweeper.db, sweeper.queue)
    repaired["redrives"] = advance_all(sweeper.db, sweeper.queue, sweeper.events)
    repaired["sockets"] = close_expired(sweeper.db, sweeper.sockets)
    sweeper.db.run(store.prune_tickets)
    sweeper.db.run(rate_limits.prune_limits)
    sweeper.db.run(limits.prune_limits)
    sweeper.db.run(unique.prune_keys, RETENTION_DAYS)
    sweeper.db.run(budgets.prune_spending, SPENDING_DAYS)
    sweeper.db.run(sessions.prune_sessions, LONGEST_SESSION + CLOCK_DIFFERENCE)
    while remaining() > 5.0:
        pruned = sweeper.db.run(store.prune_tasks, RETENTION_DAYS, PAGE)
        repaired["pruned"] += pruned
        if pruned < PAGE:
            break
    repaired["settled"] = delete_settled_messages(sweeper, remaining)
    metrics.count("WakeUpsRepaired", by=repaired["resent"])
    metrics.count("Unparked", by=repaired["unparked"])
    logger.info("swept", extra=repaired)
    return repaired


def _repair(sweeper: Sweeper, late: Iterable[LateTask], repaired: dict[str, int]) -> None:
    rows = list(late)
    ended = [task.id for task in rows if task.status is Status.PROCESSING and task.lease_ended]
    taken, parents = sweeper.db.run(end_leases, ended) if ended else ([], [])
    task_telemetry.leases_ended(taken)
    due = [task for task in rows if task.status is Status.PENDING and task.due]
    pending: list[NamedTask] = [*due, *(task for task in taken if task.status is Status.PENDING), *parents]
    waiting = [task.id for task in rows if task.waits and not task.due]
    pending += sweeper.db.run(check_joins, waiting) if waiting else []
    if pending:
        sweeper.queue.send([TaskMessage.of(task) for task in pending])
    dead = [TaskMessage.of(task, dead_seq=task.seq) for task in rows if task.status is Status.DEAD_LETTER]
    dead += [TaskMessage.of(task, dead_seq=task.seq) for task in taken if task.status is Status.DEAD_LETTER]
    send_dead_letters(sweeper, dead)
    if taken:
        sweeper.events.announce((task.owner_id, task.traceparent) for task in taken)
    repaired["woken"] += len(pending)
    repaired["resent"] += sum(task.resends > 1 for task in due)
    repaired["leases"] += len(taken)
    repaired["dead_letters"] += len(dead)


def _wake_silent(sweeper: Sweeper) -> None:
    """Send messages that arrive when the leases of silent attempts end; a worker then takes back what was not renewed.

    A living worker renews a lease long before. So a dead worker is noticed within 90 s, although the sweeper runs once
    a minute and a lease has 60 s.
    """
    silent = sweeper.db.run(store.silent_attempts, SILENT, PAGE)
    if silent:
        sweeper.queue.send([TaskMessage.of(task, delay=task.lease_left + 1.0) for task in silent])


def _unpark(sweeper: Sweeper) -> int:
    """Make tasks due whose flag is on again, at a bounded rate."""
    freed = 0
    for flag in sweeper.db.run(store.parked_flags):
        after, ids = UUID(int=0), list[UUID]()
        while len(ids) < UNPARK_RATE:
            page = sweeper.db.run(store.parked_tasks, flag, after, PAGE)
            ids += [task.id for task in page if sweeper.flags.enabled(flag, task.owner_id)]
            if len(page) < PAGE:
                break
            after = page[-1].id
        unparked = sweeper.db.run(store.unpark, ids[:UNPARK_RATE]) if ids else []
        sweeper.queue.send([TaskMessage.of(task) for task in unparked])
        freed += len(unparked)
    return freed
