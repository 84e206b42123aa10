"""The setup of every measurement: a durable Postgres, the engine on it, and that server's own commits per second."""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskMessage, TaskQueue
from orchestrator.engine.agents import Agents
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.model.ids import new_task_id
from orchestrator.store.connection import connect
from tests.support import postgres
from tests.support.engine import FixedFlags
from tools.local_stack import postgres as server
from tools.local_stack.stack_config import Layout

#: Durable, unlike the server of a developer's stack: a commit must cost what it costs.
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
SCRIPT = "\\set id random(1, 1000)\nUPDATE bench_counter SET n = n + 1 WHERE id = :id;\n"


@dataclass(slots=True)
class Measured:
    """One number of docs/explanation/performance.md: a value per round, all in the same unit."""

    number: str
    title: str
    goal: str
    rounds: list[float] = field(default_factory=list)
    unit: str = " x"
    detail: str = ""

    @property
    def value(self) -> float:
        return median(self.rounds)


class DeafQueue(TaskQueue):
    """Takes everything at no cost: the database's part is measured, not SQS's."""

    def __init__(self) -> None:
        super().__init__("nowhere")

    def send(self, task_messages: Sequence[TaskMessage]) -> list[TaskMessage]:
        return []

    def change_visibility(self, changes: object) -> None:
        return None


class DeafEvents(EventQueue):
    def __init__(self) -> None:
        super().__init__("nowhere")

    def announce(self, changes: object) -> None:
        return None


@contextmanager
def durable_server() -> Iterator[Layout]:
    server.SETTINGS.update(DURABLE)
    with postgres.server() as layout:
        postgres.make_template(layout)
        yield layout


@contextmanager
def ground(layout: Layout) -> Iterator[str]:
    """Yield an empty database with the tables that the measurements' own agents and pgbench write."""
    with postgres.fresh_database(layout) as url:
        connection = connect(url)
        connection.execute("CREATE TABLE bench_counter (id int PRIMARY KEY, n int NOT NULL)")
        connection.execute("INSERT INTO bench_counter SELECT id, 0 FROM generate_series(0, 1000) id")
        connection.execute("CREATE TABLE bench_effect (task_id uuid NOT NULL)")
        connection.execute("GRANT ALL ON bench_counter, bench_effect TO orchestrator_worker")
        connection.execute("VACUUM ANALYZE bench_counter")
        connection.close()
        yield url


def commits_per_second(url: str, seconds: int = 1) -> float:
    """One client's committed single-row updates by key, by pgbench with prepared statements."""
    parts = urlsplit(url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        done = subprocess.run(
            [
                *(str(Path(server.BINARIES) / "pgbench"), "-n", "-M", "prepared", "-c", "1", "-T", str(seconds)),
                *("-f", script.name, "-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username)),
                parts.path.lstrip("/"),
            ],
            check=True,
            capture_output=True,
            text=True,
            env={"PGPASSWORD": str(parts.password)},
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found.group(1))


def worker(url: str) -> Worker:
    return Worker(
        name="bench",
        db=postgres.connect_as(url, "worker"),
        side=postgres.connect_as(url, "worker"),
        queue=DeafQueue(),
        dead_letters=DeafQueue(),
        events=DeafEvents(),
        agents=Agents("tools.bench.agents"),
        flags=FixedFlags(),
        rng=random.Random(1),
    )


def preload(url: str, type: str, tasks: int) -> list[UUID]:
    """Return tasks as `submit` leaves them, in one statement."""
    ids = [new_task_id() for _ in range(tasks)]
    with connect(url) as connection:
        connection.execute(
            "WITH task AS (INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at)"
            " SELECT id, (n %% 50)::text, %(type)s, jsonb_build_object('n', n), now(), now() + interval '2 minutes'"
            " FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS t (id, n) RETURNING *)"
            " INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)"
            " SELECT id, 1, 0, 'submitted', 'pending', owner_id FROM task",
            {"ids": ids, "type": type},
        )
        connection.execute("VACUUM ANALYZE agent_tasks")
    return ids


def deliver(by: Worker, ids: Sequence[UUID], size: int = 10) -> None:
    for start in range(0, len(ids), size):
        run_batch(by, [Message(str(i), str(i), i) for i in ids[start : start + size]], lambda: 60.0)


def close(by: Worker) -> None:
    by.db.close()
    by.side.close()
