"""The bench on which the engine is broken: processes that die on demand, and the way back to health."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.model.fault_injection import Point
from orchestrator.model.states import FINAL, Status
from tests.faults.wire import Wire, WireSockets
from tests.support.engine import Engine
from tools.virtualenvs import ROOT


class Process:
    """A started process of the engine, met through its pipes."""

    def __init__(self, options: dict[str, Any]) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        environment |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}", "POWERTOOLS_LOG_LEVEL": "CRITICAL"}
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.process", json.dumps(options, default=str)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def read(self, begins: str) -> str:
        """The rest of the next line that begins so."""
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            if line.startswith(begins):
                return line.removeprefix(begins).strip()
        raise AssertionError(f"the process ended with {self.popen.wait()} before it said {begins!r}")

    def go_on(self) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()

    def done(self) -> Any:
        return json.loads(self.read("done"))

    def wait_until_killed(self) -> None:
        """Waits until the process was really killed."""
        assert self.popen.wait(60) == -signal.SIGKILL

    def end(self) -> None:
        self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()


class Lab:
    """The engine in this process, and others beside it on the same database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = Engine(url)
        self.wire = Wire(url)
        self._processes: list[Process] = []

    def close(self) -> None:
        for process in self._processes:
            process.end()
        self.wire.connection.close()
        self.engine.close()

    def start(
        self, role: str, point: Point | None = None, then: Literal["die", "wait"] = "die", **options: Any
    ) -> Process:
        """A process that plays `role` and dies or waits when it is at `point` for the `nth` time."""
        process = Process({"url": self.url, "role": role, "point": point, "nth": 1, "then": then, **options})
        self._processes.append(process)
        return process

    def kill_at(self, role: str, point: Point, **options: Any) -> None:
        process = self.start(role, point, **options)
        assert process.read("at") == point
        process.wait_until_killed()

    @contextmanager
    def paused_at(self, role: str, point: Point, **options: Any) -> Iterator[Process]:
        """Inside the block the process stands at the point; then it goes on to its end."""
        process = self.start(role, point, "wait", **options)
        assert process.read("at") == point
        yield process
        process.go_on()

    def clock(self) -> float:
        """Seconds this lab's clock is ahead of the real one; for a process that lives in the same time."""
        return (self.engine.now - datetime.now(UTC)).total_seconds() if self.engine.now else 0.0

    def sweep(self) -> dict[str, int]:
        return sweep(self.sweeper(), lambda: 60.0)

    def sweeper(self) -> Sweeper:
        engine = self.engine
        return Sweeper(
            db=engine.database("sweeper"),
            queue=engine.queue,
            dead_letters=engine.dead_letters,
            events=engine.events,
            sockets=WireSockets(self.wire),
            flags=engine.flags,
        )

    def recover(self, *, minutes: int = 60) -> None:
        """Time passes, the sweeper sweeps, workers work; nobody else helps."""
        for _ in range(minutes):
            self.engine.move_clock(60)
            self.sweep()
            self.deliver()
            if not self.unfinished():
                return
        raise AssertionError(f"not over after {minutes} minutes: {self.unfinished()}")

    def deliver(self) -> None:
        """Everything that was sent, by whom ever, in batches of ten, until nothing is sent any more."""
        while ids := [*self.wire.take("tasks"), *self.engine.queue.ids]:
            self.engine.queue.sent.clear()
            for start in range(0, len(ids), 10):
                self.engine.run(*ids[start : start + 10])

    def unfinished(self) -> list[dict[str, Any]]:
        rows = self.engine.db.connection().execute(
            "SELECT id, type, status, attempts, wake_at, due_at, waiting_for FROM agent_tasks"
            " WHERE finished_at IS NULL OR wake_at IS NOT NULL"
        )
        return rows.fetchall()

    def dead_letters(self) -> list[UUID]:
        return [*self.engine.dead_letters.ids, *(UUID(each) for each in self.wire.sent("dead"))]

    def check(self) -> None:
        """Everything is over, effects are there once for completed tasks and for no others, no seq is missing."""
        rows = self.engine.db.connection().execute("SELECT * FROM agent_tasks").fetchall()
        for row in rows:
            assert Status(row["status"]) in FINAL, row
            kinds = self.engine.kinds(row["id"])
            assert len(kinds) == row["seq"]
            if row["type"] == "test.effect":
                assert self.engine.effects(row["id"]) == (row["status"] == "completed"), row
            if row["status"] == "dead-letter":
                assert row["id"] in self.dead_letters()
