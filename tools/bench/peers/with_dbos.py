"""dbos: a queue of workflows without steps. It keeps status, input and output, no events. It polls every second as
delivered, every 20 ms here for the latency."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
from dbos import DBOS

from tools.bench.peers.protocol import IN_FLIGHT, PAUSE, POLL_EVERY, answer, latencies, read_order

ORDER = read_order()
DBOS(
    config={
        "name": "bench",
        "system_database_url": ORDER.address,
        "log_level": "ERROR",
        "sys_db_pool_size": 20,
        "application_version": "v1",
        "executor_id": "local",
    }
)
FINISHED = "SELECT count(*) FROM dbos.workflow_status WHERE status = 'SUCCESS' AND queue_name = 'q'"
STATUS = "SELECT status FROM dbos.workflow_status WHERE workflow_uuid = %s"
_lock, _seen = threading.Lock(), [0]


@DBOS.workflow()
def noop(n: int) -> dict[str, int]:
    with _lock:
        _seen[0] += 1
    return {"n": n}


def submit() -> None:
    DBOS.listen_queues([])  # this process only submits
    DBOS.launch()
    DBOS.register_queue("q", polling_interval_sec=1.0)
    started = time.perf_counter()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        list(pool.map(lambda n: DBOS.enqueue_workflow("q", noop, n), range(ORDER.count)))
    answer(rate=ORDER.count / (time.perf_counter() - started))


def drain() -> None:
    DBOS.launch()
    started = time.perf_counter()
    connection = psycopg.connect(ORDER.address, autocommit=True)
    while _seen[0] < ORDER.count:
        time.sleep(0.005)
    while True:
        row = connection.execute(FINISHED).fetchone()
        if row is not None and row[0] >= ORDER.count:
            break
        time.sleep(0.005)
    answer(rate=ORDER.count / (time.perf_counter() - started), done=ORDER.count)


def latency() -> None:
    DBOS.launch()
    DBOS.register_queue("q", polling_interval_sec=0.02)
    time.sleep(2.5)
    connection, times = psycopg.connect(ORDER.address, autocommit=True), []
    for n in range(ORDER.count):
        time.sleep(PAUSE)
        started = time.perf_counter()
        handle = DBOS.enqueue_workflow("q", noop, n)
        while connection.execute(STATUS, (handle.workflow_id,)).fetchone() != ("SUCCESS",):
            time.sleep(POLL_EVERY)
        times.append(time.perf_counter() - started)
    answer(**latencies(times))


def setup() -> None:
    DBOS.launch()
    answer(ok=1)


{"setup": setup, "preload": submit, "submit": submit, "drain": drain, "latency": latency}[ORDER.mode]()
