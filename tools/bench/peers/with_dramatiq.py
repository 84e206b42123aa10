"""dramatiq on Redis, eight threads, results in Redis. A crash of Redis between two snapshots loses tasks."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import ResultMissing, Results
from dramatiq.results.backends import RedisBackend

from tools.bench.peers.protocol import PAUSE, POLL_EVERY, answer, latencies, read_order

ORDER = read_order()
THREADS = 8
BROKER, BACKEND = RedisBroker(url=ORDER.address), RedisBackend(url=ORDER.address)
BROKER.add_middleware(Results(backend=BACKEND))
dramatiq.set_broker(BROKER)


@dramatiq.actor(store_results=True)
def noop(n: int) -> dict[str, int]:
    return {"n": n}


def submit() -> None:
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(noop.send, range(ORDER.count)))
    answer(rate=ORDER.count / (time.perf_counter() - started))


def drain() -> None:
    worker = dramatiq.Worker(BROKER, worker_threads=THREADS)
    started = time.perf_counter()
    worker.start()
    BROKER.join(noop.queue_name)
    worker.join()
    answer(rate=ORDER.count / (time.perf_counter() - started), done=ORDER.count)


def latency() -> None:
    dramatiq.Worker(BROKER, worker_threads=THREADS).start()
    times = []
    for n in range(ORDER.count):
        time.sleep(PAUSE)
        started = time.perf_counter()
        message = noop.send(n)
        while True:
            try:
                BACKEND.get_result(message)
                break
            except ResultMissing:
                time.sleep(POLL_EVERY)
        times.append(time.perf_counter() - started)
    answer(**latencies(times))


def setup() -> None:
    redis.Redis.from_url(ORDER.address).flushall()
    answer(ok=1)


{"setup": setup, "preload": submit, "submit": submit, "drain": drain, "latency": latency}[ORDER.mode]()
