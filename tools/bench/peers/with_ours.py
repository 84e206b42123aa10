"""This engine, as the functions run it: their own logins, every guarantee on, queues that take everything at no cost.

`preload` leaves the ids of its tasks in a file named like the database, as SQS would deliver them. With
`FINISHED=1000000` in the environment so many finished tasks lie beside them.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from orchestrator.engine.agents import Agents
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.store import row_security
from orchestrator.store.connection import Database, connect
from tests.support.postgres import connect_as
from tools.bench import buffers, preparation
from tools.bench.peers.protocol import IN_FLIGHT, PAUSE, answer, latencies, read_order

ORDER = read_order()
AGENTS = "tools.bench.agents"
BATCH = int(os.environ.get("BATCH", "10"))
IDS = Path(tempfile.gettempdir()) / f"{urlsplit(ORDER.address).path.strip('/')}.ids"


def preload() -> None:
    finished = int(os.environ.get("FINISHED", "0"))
    if finished:
        with connect(ORDER.address) as connection:
            buffers.fill(connection, finished)
    ids = preparation.preload(ORDER.address, os.environ.get("TASK_TYPE", "bench.noop"), ORDER.count)
    IDS.write_text(json.dumps([str(each) for each in ids]))
    answer(ok=1)


def drain() -> None:
    ids = [UUID(each) for each in json.loads(IDS.read_text())]
    IDS.unlink()
    by = preparation.worker(ORDER.address)
    started = time.perf_counter()
    preparation.deliver(by, ids, BATCH)
    took = time.perf_counter() - started
    query = "SELECT count(*) AS tasks FROM agent_tasks WHERE status = 'completed' AND id = ANY(%s)"
    found = by.db.connection().execute(query, (ids,)).fetchone()
    answer(rate=len(ids) / took, done=found["tasks"] if found else 0)


def submits() -> None:
    agents, queue = Agents(AGENTS), preparation.DeafQueue()
    databases = [connect_as(ORDER.address, "api") for _ in range(IN_FLIGHT)]

    def some(database: Database) -> None:
        for n in range(ORDER.count // IN_FLIGHT):
            request = TaskRequest(owner=str(n % 50), type="bench.noop", payload={"n": n})
            with database.row_context(row_security.owner(request.owner)):
                submit(database, queue, agents, request)

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        list(pool.map(lambda database: database.connection(), databases))
        started = time.perf_counter()
        list(pool.map(some, databases))
        answer(rate=ORDER.count / (time.perf_counter() - started))


def latency() -> None:
    by, api, times = preparation.worker(ORDER.address), connect_as(ORDER.address, "api"), []
    for n in range(ORDER.count):
        time.sleep(PAUSE)
        started = time.perf_counter()
        with api.row_context(row_security.owner("1")):
            request = TaskRequest(owner="1", type="bench.noop", payload={"n": n})
            task = submit(api, by.queue, by.agents, request).task
        preparation.deliver(by, [task.id])
        times.append(time.perf_counter() - started)
    answer(**latencies(times))


logging.disable(logging.CRITICAL)
{"preload": preload, "submit": submits, "drain": drain, "latency": latency}[ORDER.mode]()
