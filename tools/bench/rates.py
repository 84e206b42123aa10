"""Numbers 1, 2, 4, 6 and 7: tasks and submits per commit, and the latency of one task in commits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter

from orchestrator.engine.agents import Agents
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.model.states import Status
from orchestrator.store import row_security, tasks
from orchestrator.store.connection import Database
from tests.support.postgres import connect_as
from tools.bench.network import delayed
from tools.bench.preparation import DeafQueue, Measured, close, commits_per_second, deliver, preload, worker


def drain(url: str, type: str, count: int) -> float:
    """Return tasks per second of one process."""
    by = worker(url)
    ids = preload(url, type, count + 50)
    deliver(by, ids[:50])
    started = perf_counter()
    deliver(by, ids[50:])
    took = perf_counter() - started
    done = by.db.connection().execute("SELECT count(*) AS n FROM agent_tasks WHERE status = 'completed'").fetchone()
    if done is None or done["n"] < count:
        raise RuntimeError(f"not all of {count} tasks completed: {done}")
    close(by)
    return count / took


def per_commit(url: str, type: str, count: int) -> float:
    """Return a drain's rate over the mean of the commits per second before and after it."""
    before = commits_per_second(url)
    rate = drain(url, type, count)
    return rate / ((before + commits_per_second(url)) / 2)


def over_network(url: str, count: int) -> float:
    with delayed(url) as far:
        return per_commit(far, "bench.noop", count)


def submits(url: str, count: int = 2000) -> float:
    agents, queue = Agents("tools.bench.agents"), DeafQueue()
    databases = [connect_as(url, "api") for _ in range(10)]

    def some(database: Database) -> None:
        for n in range(count // 10):
            order = TaskRequest(owner=str(n % 50), type="bench.noop", payload={"n": n})
            with database.row_context(row_security.owner(order.owner)):
                submit(database, queue, agents, order)

    before = commits_per_second(url)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda database: database.connection(), databases))
        started = perf_counter()
        list(pool.map(some, databases))
        took = perf_counter() - started
    for database in databases:
        database.close()
    return count / took / ((before + commits_per_second(url)) / 2)


def latency(url: str, count: int = 100) -> float:
    """Return the median time from submit to completed, less the queue hop, over that of one commit."""
    by, api = worker(url), connect_as(url, "api")
    before, times = commits_per_second(url), []
    for n in range(count):
        started = perf_counter()
        with api.row_context(row_security.owner("1")):
            task = submit(api, by.queue, by.agents, TaskRequest(owner="1", type="bench.noop", payload={"n": n})).task
        deliver(by, [task.id])
        times.append(perf_counter() - started)
        found = by.db.run(tasks.get_task, "1", task.id)
        if found is None or found.status is not Status.COMPLETED:
            raise RuntimeError("not completed")
    close(by)
    api.close()
    return median(times) * ((before + commits_per_second(url)) / 2)


def measured() -> list[Measured]:
    return [
        Measured("1", "drain, batches of 10, no-op handlers, 1 process, per commit", "≥ 1.2"),
        Measured("2", "the same with 1 ms of network round trip", "≥ 3"),
        Measured("4", "handlers with two writes each, batches of 10, per commit", "≥ 0.8"),
        Measured("6", "submit, 10 in flight, per commit", "≥ 1.6"),
        Measured("7", "idle latency, submit to completed less the queue hop, in commits", "≤ 16"),
    ]


def measure_round(url: str, rates: list[Measured], count: int) -> None:
    drained, far, writing, submitted, idle = rates
    drained.rounds.append(per_commit(url, "bench.noop", count))
    far.rounds.append(over_network(url, count // 2))
    writing.rounds.append(per_commit(url, "bench.write", count // 2))
    submitted.rounds.append(submits(url))
    idle.rounds.append(latency(url))
