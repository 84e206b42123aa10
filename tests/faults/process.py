"""A process of the engine that dies or waits at the named point: `python -m tests.faults.process '{"role": …}'`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from orchestrator.engine.cancel import cancel
from orchestrator.engine.execution import batch
from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.heartbeat import LEASE, Heartbeat
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.live.subscriptions import push
from orchestrator.engine.operators.redrive import Selection, redrive
from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.engine.unique import UniqueKey
from orchestrator.engine.waiting import signals
from orchestrator.model import fault_injection
from orchestrator.model.fault_injection import Point
from orchestrator.store import attempts
from orchestrator.store.owners import ANY_OWNER
from tests.faults.wire import Wire, WireEvents, WireQueue, WireSockets
from tests.support.agents.test_steps import OUTSIDE
from tests.support.engine import Engine


class FaultyProcess:
    """One role, played once, with queues that the test can read."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options
        self.engine = Engine(options["url"])
        OUTSIDE["url"] = options["url"]
        self.wire = Wire(options["url"])
        self.engine.queue = WireQueue(self.wire, "tasks")  # type: ignore[assignment] # all it needs of one
        self.engine.dead_letters = WireQueue(self.wire, "dead")  # type: ignore[assignment] # the same
        self.engine.events = WireEvents(self.wire)  # type: ignore[assignment] # the same
        self.engine.worker = self.engine.new_worker()
        batch.FLUSH_AFTER = 60.0  # the load of the machine must not decide which attempts commit together
        self.reached: Counter[Point] = Counter()
        fault_injection.arm(self.at)

    def at(self, point: Point) -> None:
        self.reached[point] += 1
        if point == self.options.get("kill_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        if (point, self.reached[point]) != (self.options.get("point"), self.options.get("nth")):
            return
        say(f"at {point}")
        if self.options["then"] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        sys.stdin.readline()

    def play(self) -> Any:
        roles: dict[str, Callable[[], Any]] = {
            "submit": lambda: str(self.engine.submit(**self._order()).id),
            "worker": lambda: self.engine.run(*self._ids(), remaining=self.options.get("remaining", 60.0)),
            "long": lambda: self.engine.run(*self._ids(), worker=self._long_worker(), remaining=600.0),
            "renewer": self._renew,
            "sweeper": lambda: sweep(self._sweeper(), lambda: 60.0),
            "push": lambda: push(self.engine.db, WireSockets(self.wire), self.options["owners"]),
            "cancel": lambda: cancel(self.engine.db, self.engine.queue, self.engine.events, ANY_OWNER, self._ids()[0]),
            "signal": self._signal,
            "redrive": lambda: [
                str(each) for each in redrive(self.engine.db, self.engine.queue, self.engine.events, Selection(), "op")
            ],
        }
        return roles[self.options["role"]]()

    def _order(self) -> dict[str, Any]:
        order = dict(self.options["order"])
        return order | {"unique": UniqueKey(**order["unique"])} if "unique" in order else order

    def _signal(self) -> None:
        for task_id in self._ids():
            value = self.options.get("value", {"yes": True})
            sent = self.engine.db.run(signals.signal, task_id, "answer", value, owner="1", by="1")
            signals.announce_signal(self.engine.queue, self.engine.events, sent)

    def _long_worker(self) -> Worker:
        worker = self.engine.long_worker()
        worker.heartbeat = Heartbeat(self.engine.database("worker"))
        return worker

    def _renew(self) -> None:
        worker, ids = self.engine.worker, self._ids()
        claimed = worker.db.run(attempts.claim, ids, worker=worker.name, lease=LEASE, alone=False)
        run = batch.BatchRun(worker, claimed, lambda: 60.0, Deliveries(worker, ()))
        Heartbeat(worker.side, thread=False).renew(run)

    def _ids(self) -> list[UUID]:
        return [UUID(each) for each in self.options["ids"]]

    def _sweeper(self) -> Sweeper:
        return Sweeper(
            db=self.engine.database("sweeper"),
            queue=self.engine.queue,
            dead_letters=self.engine.dead_letters,
            events=self.engine.events,
            sockets=WireSockets(self.wire),
            flags=self.engine.flags,
        )


def say(line: str) -> None:
    sys.__stdout__.write(f"{line}\n")  # type: ignore[union-attr] # started with a pipe
    sys.__stdout__.flush()  # type: ignore[union-attr] # the same


if __name__ == "__main__":
    process = FaultyProcess(json.loads(sys.argv[1]))
    if process.options.get("clock"):
        process.engine.move_clock(process.options["clock"])
    say("ready")
    answer = process.play()
    say(f"done {json.dumps(answer, default=str)}")
