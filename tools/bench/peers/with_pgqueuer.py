"""pgqueuer on asyncpg, its fastest driver. It deletes a job when it is done, keeps a log row per transition and
no result; completions are buffered for up to 100 ms, or by the batch."""

from __future__ import annotations

import asyncio
import time

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.types import QueueExecutionMode
from pgqueuer.queries import Queries

from tools.bench.peers.protocol import BULK, IN_FLIGHT, PAUSE, POLL_EVERY, answer, latencies, read_order

ORDER = read_order()
BATCH = 10
DONE = "SELECT count(*) FROM pgqueuer_log WHERE status = 'successful' AND ($1::bigint IS NULL OR job_id = $1)"


async def queries() -> Queries:
    return Queries(AsyncpgDriver(await asyncpg.connect(ORDER.address)))


async def preload() -> None:
    queue = await queries()
    for first in range(0, ORDER.count, BULK):
        some = min(BULK, ORDER.count - first)
        await queue.enqueue(["noop"] * some, [b'{"n": 1}'] * some, [0] * some)
    answer(ok=1)


async def submit() -> None:
    queues = [await queries() for _ in range(IN_FLIGHT)]
    left = iter(range(ORDER.count))

    async def some(queue: Queries) -> None:
        for _ in left:
            await queue.enqueue("noop", b'{"n": 1}')

    started = time.perf_counter()
    await asyncio.gather(*[some(queue) for queue in queues])
    answer(rate=ORDER.count / (time.perf_counter() - started))


async def work(batch: int, mode: QueueExecutionMode) -> None:
    worker = PgQueuer(AsyncpgDriver(await asyncpg.connect(ORDER.address)))

    @worker.entrypoint("noop")
    async def noop(job: object) -> None:
        return None

    await worker.qm.run(mode=mode, batch_size=batch)


async def drain() -> None:
    started = time.perf_counter()
    await work(BATCH, QueueExecutionMode.drain)
    took = time.perf_counter() - started
    done = await (await asyncpg.connect(ORDER.address)).fetchval(DONE, None)
    answer(rate=ORDER.count / took, done=done)


async def latency() -> None:
    running = asyncio.create_task(work(1, QueueExecutionMode.continuous))
    await asyncio.sleep(1)
    queue, watcher, times = await queries(), await asyncpg.connect(ORDER.address), []
    for _ in range(ORDER.count):
        await asyncio.sleep(PAUSE)
        started = time.perf_counter()
        (job,) = await queue.enqueue("noop", b'{"n": 1}')
        while not await watcher.fetchval(DONE, job):
            await asyncio.sleep(POLL_EVERY)
        times.append(time.perf_counter() - started)
    running.cancel()
    answer(**latencies(times))


async def setup() -> None:
    await (await queries()).install()
    answer(ok=1)


asyncio.run({"setup": setup, "preload": preload, "submit": submit, "drain": drain, "latency": latency}[ORDER.mode]())
