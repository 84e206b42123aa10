"""The engine in one process on the test's clock: workers, queue and sweeper, without a sleep."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from orchestrator.engine.agents import Agents
from orchestrator.engine.execution.lanes.pool import SharedDatabase
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.engine.waiting.signals import Answerer
from orchestrator.engine.waiting.signals import answer as send_answer
from orchestrator.model.fault_injection import ProcessKilled
from orchestrator.model.states import FINAL
from orchestrator.model.task import Json, Task
from orchestrator.store import children, events, row_security, tasks, waits
from orchestrator.store import testing as clock
from orchestrator.store.connection import Connection, Database, connect
from orchestrator.store.owners import ANY_OWNER
from orchestrator.testing.crash import crash_everywhere
from orchestrator.testing.hooks import Hooks
from orchestrator.testing.outside import Outside, Recorder, played
from orchestrator.testing.single_attempt import SetFlags
from orchestrator.testing.virtual_queue import NoSockets, SilentEvents, VirtualQueue

#: Seconds of one imagined invocation, which has room for an agent of any lane.
INVOCATION = 900.0
#: A queue hides messages for whole seconds.
ROUNDED = timedelta(seconds=1)
#: Time that passes when something due cannot run yet, because another worker has locked it.
BLOCKED = timedelta(seconds=30)
#: The sender of an operator's answers.
OPERATOR = "operator"
#: Batches and moments after which a run counts as endless.
MOST_ROUNDS = 20_000


@dataclass(frozen=True, slots=True)
class DurableTask:
    """A task; each property reads it anew."""

    engine: DurableEngine
    id: UUID

    @property
    def row(self) -> Task:
        return self.engine.task(self.id)

    @property
    def status(self) -> str:
        return self.row.status.value

    @property
    def result(self) -> Any:
        return self.row.result

    @property
    def error(self) -> Any:
        """Return {kind, code?, message}, or None."""
        return self.row.error

    @property
    def attempts(self) -> int:
        return self.row.attempts

    @property
    def is_over(self) -> bool:
        return self.row.status in FINAL

    @property
    def events(self) -> list[str]:
        """Return the kinds of its events, in order."""
        read = self.engine.database.run(events.task_events, ANY_OWNER, self.id, limit=1_000)
        return [event.kind for event in read]

    @property
    def children(self) -> list[DurableTask]:
        rows = self.engine.database.run(children.children, self.id)
        return [DurableTask(self.engine, row.id) for row in rows]


class DurableEngine:
    """Submit tasks, run them, move time, and make things fail."""

    def __init__(self, url: str, package: str, flags: Mapping[str, bool], now: datetime, stack: ExitStack) -> None:
        self.now = now
        self._url, self._stack = url, stack
        self._databases: list[Database] = []
        self.recorder = Recorder(package)
        self.hooks = Hooks(self.recorder)
        self.queue = VirtualQueue(lambda: self.now, self.hooks.point)
        self.agents, self._flags = Agents(package), SetFlags(flags)
        self.database = self._connect(None)
        self._api = self._connect("orchestrator_api")
        self._sweeper = Sweeper(
            db=self._connect("orchestrator_sweeper"),
            queue=self.queue,
            dead_letters=VirtualQueue(lambda: self.now, lambda _: None),
            events=SilentEvents(),
            sockets=NoSockets(),
            flags=self._flags,
        )
        self._workers = 0
        self._worker = self.new_worker()

    # Tasks

    def submit(
        self, type: str, payload: Mapping[str, Json] | None = None, *, owner: str = "1", **more: Any
    ) -> DurableTask:
        """Submit a task of any type; `more` are fields of `TaskRequest`, such as `max_attempts` or `unique`."""
        request = TaskRequest(owner=owner, type=type, payload=payload or {}, by_user=False, **more)
        with self._api.row_context(row_security.owner(owner)):
            return DurableTask(self, submit(self._api, self.queue, self.agents, request).task.id)

    def task(self, id: UUID) -> Task:
        """Return a task as it is now. Raise LookupError when it is gone."""
        found = self.database.run(tasks.get_task, ANY_OWNER, id)
        if found is None:
            raise LookupError(f"task {id} is gone")
        return found

    def answer(self, task: DurableTask, name: str, value: Json, *, by: str | None = None) -> None:
        """Answer a question of the task, or send it a signal, as the owner `by` or as an operator (by="operator").

        Without `by` the answer comes from the first who is asked; the task does not have to wait yet. Raise as the
        route does: InvalidInput, AlreadyAnswered, Conflict, Forbidden and NotFound.
        """
        sender = by or self._asked(task, name)
        if sender == OPERATOR:
            context, answerer = row_security.operator(sender), Answerer(owner=sender, operator=sender)
        else:
            context, answerer = row_security.owner(sender), Answerer(owner=sender)
        with self._api.row_context(context):
            send_answer(self._api, self.queue, SilentEvents(), answerer, task.id, name, value)

    def _asked(self, task: DurableTask, name: str) -> str:
        stored = self.database.run(waits.find_wait, task.id, name)
        if stored is None or not stored.began:
            return task.row.owner_id
        return OPERATOR if stored.operators else stored.asked[0]

    # Time

    def run_until_idle(self) -> None:
        """Run all that can run now. Retries and ended leases do not have to wait; schedules and far tasks do."""
        for _ in range(MOST_ROUNDS):
            while self.deliver():
                pass
            moment = self.database.run(clock.retry_moment)
            if moment is None:
                return
            self._set_clock(max(self.now, moment) + ROUNDED)
            self.sweep()
        raise AssertionError("the tasks never come to rest")

    def advance(self, **duration: float) -> None:
        """Let time pass (`days=3`, `hours=1` …). Run in order all that becomes due."""
        end = self.now + timedelta(**duration)
        for _ in range(MOST_ROUNDS):
            due = self.database.run(clock.next_moment)
            moments = [moment for moment in (due, self.queue.next_visible()) if moment is not None and moment <= end]
            if not moments or self.now >= end:
                break
            moment = min(moments)
            self._set_clock(moment if moment > self.now else self.now + BLOCKED)
            if due is not None and due <= self.now:
                self.sweep()
            while self.deliver():
                pass
        self._set_clock(max(self.now, end))
        self.sweep()
        while self.deliver():
            pass

    # Failures

    def fail(self, effect: str, *, times: int = 1) -> None:
        """Let the effect of a step (`step:charge`) fail so many times before it works."""
        if not effect.startswith("step:"):
            raise ValueError(f"fail({effect!r}): name a step, such as step:charge")
        self.hooks.failures[effect] += times

    def outside(self, target: str, *, returns: Any = None) -> Outside:
        """Play the function `package.module.name` until the engine is closed, and record its calls."""
        function = Outside(self.recorder, target.rpartition(".")[2], returns)
        self._stack.enter_context(played(target, function))
        return function

    def crash_everywhere(self, type: str, payload: Mapping[str, Json] | None = None, *, owner: str = "1") -> int:
        """Run the task with a crash at every point, stale workers and duplicates; return the number of runs.

        Raise CrashFound with each effect that was doubled, lost or changed, its line and the schedule.
        """
        return crash_everywhere(self, lambda: self.submit(type, payload, owner=owner))

    # The parts of the engine

    def deliver(self) -> bool:
        """Run one batch of visible messages; return whether there was one. A killed worker is replaced."""
        taken = self.queue.take()
        if not taken:
            return False
        try:
            back = run_batch(self._worker, taken, lambda: INVOCATION)
        except ProcessKilled:
            self._worker.db.close()
            self._worker.side.close()
            self._worker = self.new_worker()
        else:
            self.queue.replied(taken, back)
        return True

    @contextmanager
    def another_worker(self) -> Iterator[None]:
        """Deliver to another worker while the block runs."""
        before, self._worker = self._worker, self.new_worker()
        try:
            yield
        finally:
            self._worker = before

    def sweep(self) -> None:
        """Run one round of the sweeper, unless it is killed."""
        try:
            sweep(self._sweeper, lambda: INVOCATION)
        except ProcessKilled:
            self._sweeper.db.close()

    def new_worker(self) -> Worker:
        """Return a worker with connections of its own."""
        self._workers += 1
        return Worker(
            name=f"worker-{self._workers}",
            db=self._connect("orchestrator_worker"),
            side=self._connect("orchestrator_worker"),
            queue=self.queue,
            dead_letters=VirtualQueue(lambda: self.now, lambda _: None),
            events=SilentEvents(),
            agents=self.agents,
            lane=None,
            flags=self._flags,
            rng=random.Random(self._workers),  # noqa: S311 (the same jitter in every run)
        )

    def close(self) -> None:
        """Close every connection."""
        for database in self._databases:
            database.close()

    def _connect(self, role: str | None) -> Database:
        def opened() -> Connection:
            options = f"-c orchestrator.now={self.now.isoformat()}" + (f" -c role={role}" if role else "")
            return connect(self._url, options=options)

        database = SharedDatabase(opened)
        self._databases.append(database)
        return database

    def _set_clock(self, now: datetime) -> None:
        self.now = now
        for database in self._databases:
            if database.is_at_rest():
                database.run(clock.set_clock, now)


@contextmanager
def durable(
    url: str, package: str, *, flags: Mapping[str, bool] | None = None, now: datetime | None = None
) -> Iterator[DurableEngine]:
    """Open the engine on a database that has its schema, with the agents of a package such as "my_app.agents".

    `now` is where the clock stands at the beginning; it moves only when the test moves it.
    """
    with ExitStack() as stack:
        engine = DurableEngine(url, package, flags or {}, now or datetime.now(UTC), stack)
        stack.callback(engine.close)
        stack.enter_context(engine.hooks.installed())
        yield engine
