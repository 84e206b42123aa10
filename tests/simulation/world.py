"""The engine's processes in one thread, on a real Postgres, with a virtual clock: the same seed is the same history.

A process dies by an exception that the engine does not know, and its connections are closed: Postgres rolls back, as
after SIGKILL. Other processes run inside a fault point of the first one, so that anything can happen at any of them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal
from unittest import mock
from uuid import UUID

from orchestrator.engine import cancel, submit
from orchestrator.engine.agents import WORKER_TIMEOUTS, Agents
from orchestrator.engine.execution import batch
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.live import subscriptions
from orchestrator.engine.operators import redrive
from orchestrator.engine.submit import TaskRequest
from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.engine.waiting import signals
from orchestrator.model import fault_injection
from orchestrator.model.errors import Conflict, KeyReused
from orchestrator.model.fault_injection import Point, ProcessKilled
from orchestrator.model.task import LANES, Lane
from orchestrator.store.connection import Database, connect
from orchestrator.store.owners import ANY_OWNER
from tests.simulation import watchers
from tests.simulation.agents.sim_work import CALLS, RUNS
from tests.simulation.processes import SteadyPool, SteadyWorker, die, end
from tests.simulation.sqs import QueuedMessage, SimulatedEvents, SimulatedQueue
from tests.support.engine import FixedFlags
from tests.support.postgres import connect_as, log_in
from tools.local_stack.templates import read
from tools.virtualenvs import ROOT

#: The accidents that may happen while a process is at a point.
Accident = Literal["die", "cut", "cancel", "late", "rival", "sweep", "redrive", "signal"]
START = datetime(2030, 1, 1, tzinfo=UTC)
#: Seconds of a worker's invocation.
INVOCATION, LONG_INVOCATION = WORKER_TIMEOUTS["quick"], WORKER_TIMEOUTS["long"]
#: Attempts of a worker of the lane `long`, from the template. Here they run one after another, in the thread of the
#: world, because the same seed must be the same history.
SLOTS = int(read(ROOT / "template.yaml")["Parameters"]["LongSlots"]["Default"])


@dataclass(frozen=True, slots=True)
class Interruption:
    """An accident when a point is reached for the `nth` time of a rule."""

    point: Point
    nth: int
    accident: Accident


class World:
    """Everything outside the engine, and the engine in it."""

    def __init__(self, url: str, seed: int) -> None:
        self.url, self.rng = url, random.Random(seed)
        self.flags, self.events, self.sockets = FixedFlags(), SimulatedEvents(), watchers.SimulatedSockets()
        self.now = START
        self.agents = Agents("tests.simulation.agents")
        self.dead_letters = SimulatedQueue(self.seconds, self.rng, self.agents.lane_of)
        self.queue = SimulatedQueue(self.seconds, self.rng, self.agents.lane_of, self.dead_letters)
        self.db = Database(lambda: connect(url))
        self.workers = [self._worker("quick"), self._worker("quick"), self._worker("long")]
        self.sweeper = self._sweeper()
        self._plan: list[Interruption] = []
        self._reached: Counter[Point] = Counter()
        self._running: list[tuple[Worker, Sequence[QueuedMessage]]] = []
        self._patches = ExitStack()

    def begin(self) -> None:
        """An empty world at its beginning."""
        RUNS.clear()
        CALLS.clear()
        connection = self.db.connection()
        connection.execute("TRUNCATE agent_tasks, ledger, socket_tickets, socket_connections CASCADE")
        self.advance(0)
        numbers = count(1)
        for module in ("submit", "context.children"):
            name = f"orchestrator.engine.{module}.new_task_id"
            self._patches.enter_context(mock.patch(name, side_effect=lambda: UUID(int=7 << 100 | next(numbers))))
        self._patches.enter_context(mock.patch.object(batch, "FLUSH_AFTER", float("inf")))
        fault_injection.arm(self._at)
        watchers.open_all(self.db, self.sockets, (START + timedelta(days=1000)).timestamp())

    def end(self) -> None:
        fault_injection.arm(None)
        self._patches.close()
        for database in (self.db, self.sweeper.db):
            database.close()
        for worker in self.workers:
            end(worker)

    def seconds(self) -> float:
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.db.connection().execute("UPDATE simulated_clock SET now = %s", (self.now,))

    @contextmanager
    def interrupted(self, plan: Sequence[Interruption]) -> Iterator[None]:
        """Cause the plan's accidents while the block runs. A process that dies ends the block without an error."""
        self._plan, self._reached = list(plan), Counter()
        self.advance(0.01)
        try:
            yield
        except ProcessKilled:
            pass
        finally:
            self._plan = []

    # The actions of processes. Each process may die during its action.

    def submit(self, order: TaskRequest) -> UUID | None:
        """The task's id, or None when the key was used for something else."""
        try:
            return submit.submit(self.db, self.queue, self.agents, order).task.id
        except KeyReused:
            return None

    def deliver(self, most: int, remaining: float = INVOCATION, *, answered: bool = True) -> int:
        """One batch to a worker of each lane; unless `answered`, Lambda's answer gets lost and all comes again."""
        delivered = 0
        for lane in LANES:
            taken = self.queue.take(most if lane == "quick" else min(most, SLOTS), lane)
            if taken:
                self._run(lane, taken, remaining if lane == "quick" else LONG_INVOCATION, answered)
            delivered += len(taken)
        return delivered

    def sweep(self) -> None:
        try:
            sweep(self.sweeper, lambda: 60.0)
        except ProcessKilled:
            die(self.sweeper.db)
            self.sweeper = self._sweeper()

    def cancel(self, task_id: UUID) -> None:
        with suppress(Conflict):
            cancel.cancel(self.db, self.queue, self.events, ANY_OWNER, task_id)

    def signal(self, number: int) -> None:
        """Somebody sends a signal to any unfinished task, whether it waits or not."""
        task = self.some_task()
        if task is None:
            return
        owner = str(self.rows(f"SELECT owner_id FROM agent_tasks WHERE id = '{task}'")[0]["owner_id"])
        with suppress(Conflict):
            sent = self.db.run(signals.signal, task, "go", number, owner=owner, by=owner)
            signals.announce_signal(self.queue, self.events, sent)

    def redrive(self) -> None:
        redrive.redrive(self.db, self.queue, self.events, redrive.Selection(), "operator")

    def push(self) -> None:
        owners = sorted(self.events.owners)
        subscriptions.push(self.db, self.sockets, owners)
        self.events.owners.difference_update(owners)

    def some_task(self) -> UUID | None:
        ids = [row["id"] for row in self.rows("SELECT id FROM agent_tasks WHERE finished_at IS NULL ORDER BY id")]
        return self.rng.choice(ids) if ids else None

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.db.connection().execute(sql.encode()).fetchall()

    def _run(self, lane: Lane, taken: Sequence[QueuedMessage], remaining: float, answered: bool) -> None:
        busy = [worker for worker, _ in self._running]
        own = [at for at, each in enumerate(self.workers) if each.lane == lane]
        idle = [at for at in own if all(self.workers[at] is not one for one in busy)]
        if not idle:
            return
        at = self.rng.choice(idle)
        worker = self.workers[at]
        self._running.append((worker, taken))
        try:
            back = run_batch(worker, [queued.message() for queued in taken], lambda: remaining)
        except ProcessKilled:
            end(worker)
            self.workers[at] = self._worker(lane)
        else:
            if answered:
                self.queue.remove({queued.id for queued in taken} - set(back))
        finally:
            self._running.pop()

    def _at(self, point: Point) -> None:
        self._reached[point] += 1
        for interruption in self._plan:
            if (interruption.point, interruption.nth) == (point, self._reached[point]):
                self._plan.remove(interruption)
                self._have(interruption.accident)
                return

    def _have(self, accident: Accident) -> None:
        handlers: dict[Accident, Callable[[], None]] = {
            "cut": self._cut,
            "cancel": self._cancel_any,
            "late": lambda: self.advance(INVOCATION + 10),
            "rival": self._rival,
            "sweep": self._late_sweep,
            "redrive": self.redrive,
            "signal": lambda: self.signal(1_000),
        }
        if accident == "die":
            raise ProcessKilled
        handlers[accident]()

    def _cut(self) -> None:
        """Postgres ends the connections of the process that is running."""
        if self._running:
            worker, _ = self._running[-1]
            used = [database.connection() for database in (worker.db, worker.side)]
            used += worker.pool.taken if isinstance(worker.pool, SteadyPool) else []
            for connection in used:
                pid = connection.info.backend_pid
                self.db.connection().execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    def _cancel_any(self) -> None:
        task_id = self.some_task()
        if task_id is not None:
            self.cancel(task_id)

    def _rival(self) -> None:
        """The lease passes, and another worker gets the same messages."""
        self.advance(INVOCATION + 10)
        if self._running:
            _, taken = self._running[-1]
            self.queue.double(taken)
            self.deliver(10)

    def _late_sweep(self) -> None:
        self.advance(200)
        self.sweep()

    def _worker(self, lane: Lane) -> Worker:
        return SteadyWorker(
            name="simulated",
            lane=lane,
            slots=SLOTS,
            pool=SteadyPool(lambda: log_in(self.url, "worker")) if lane == "long" else None,
            start=lambda work: work(),
            db=connect_as(self.url, "worker"),
            side=connect_as(self.url, "worker"),
            queue=self.queue,
            dead_letters=self.dead_letters,
            events=self.events,
            agents=self.agents,
            flags=self.flags,
            rng=self.rng,
        )

    def _sweeper(self) -> Sweeper:
        return Sweeper(
            db=connect_as(self.url, "sweeper"),
            queue=self.queue,
            dead_letters=self.dead_letters,
            events=self.events,
            sockets=self.sockets,
            flags=self.flags,
        )
