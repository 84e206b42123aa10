"""A service that allows five calls at once and ten in two seconds, with several workers that are killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from orchestrator.aws.queues import TaskMessage
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.model.fault_injection import ProcessKilled
from orchestrator.model.states import Status
from orchestrator.testing.virtual_queue import NoSockets, VirtualQueue
from tests.support.engine import Engine
from tests.support.metered import SERVICE

WORKERS, TASKS = 6, 40
#: Seconds that the test waits at most; without a load it needs about 10.
PATIENCE = 120.0


class SharedQueue(VirtualQueue):
    """A queue on the real clock, for many threads."""

    def __init__(self) -> None:
        super().__init__(lambda: datetime.now(UTC), lambda _: None)
        self.turn = threading.RLock()

    def send(self, task_messages: Sequence[TaskMessage]) -> list[TaskMessage]:
        with self.turn:
            return super().send(task_messages)

    def change_visibility(self, changes: Iterable[tuple[str, float]]) -> None:
        with self.turn:
            super().change_visibility(changes)

    def take(self) -> list[Message]:
        with self.turn:
            taken = super().take()
            self.change_visibility((each.receipt_handle, 0.0) for each in taken[3:])
            return taken[:3]

    def replied(self, taken: Iterable[Message], back: Iterable[str]) -> None:
        with self.turn:
            super().replied(taken, back)


class Crowd:
    """Workers in threads, until every task is over."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.queue = engine, SharedQueue()
        self.over, self.kills = threading.Event(), 0
        self.faults: list[BaseException] = []

    def work(self, worker: Worker) -> None:
        while not self.over.is_set():
            taken = self.queue.take()
            if not taken:
                self.over.wait(0.02)
                continue
            try:
                back = run_batch(worker, taken, lambda: 60.0)
            except ProcessKilled:
                self._killed(worker)
                back = [each.message_id for each in taken]
                self.queue.change_visibility((each.receipt_handle, 0.0) for each in taken)
            except BaseException as error:
                self.faults.append(error)
                raise
            self.queue.replied(taken, back)

    def _killed(self, worker: Worker) -> None:
        """Close the connections as the end of a process does, and end its lease."""
        self.kills += 1
        for database in (worker.db, worker.side):
            database.close()
        worker.side.run(
            lambda conn: conn.execute(
                "UPDATE agent_tasks SET leased_until = task_now(), wake_at = task_now() WHERE leased_by = %s",
                (worker.name,),
            )
        )

    def unfinished(self) -> int:
        row = (
            self.engine.db.connection()
            .execute("SELECT count(*) AS n FROM agent_tasks WHERE status IN ('pending', 'processing')")
            .fetchone()
        )
        assert row is not None
        return int(row["n"])


def test_never_a_sixth_call_never_an_eleventh_in_a_period_and_no_dead_letter(engine: Engine) -> None:
    crowd = Crowd(engine)
    SERVICE.__init__()  # type: ignore[misc] # as at the start of the process
    SERVICE.kills = 0.1
    workers = [replace(engine.new_worker(), queue=crowd.queue) for _ in range(WORKERS)]
    tasks: list[UUID] = [engine.submit("test.metered", {"n": n}).id for n in range(TASKS)]
    crowd.queue.send(engine.queue.sent)
    sweeper = Sweeper(
        db=engine.database("sweeper"),
        queue=crowd.queue,
        dead_letters=engine.dead_letters,
        events=engine.events,
        sockets=NoSockets(),
        flags=engine.flags,
    )
    threads = [threading.Thread(target=crowd.work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        end = time.monotonic() + PATIENCE
        while crowd.unfinished() and time.monotonic() < end and not crowd.faults:
            sweep(sweeper, lambda: 60.0)
            crowd.over.wait(0.2)
    finally:
        crowd.over.set()
        for thread in threads:
            thread.join()
    assert crowd.faults == []
    assert crowd.kills > 0
    assert {engine.task(id).status for id in tasks} == {Status.COMPLETED}
    assert SERVICE.most <= 5
    assert SERVICE.most_within(2.0) <= 10
