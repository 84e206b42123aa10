"""procrastinate on psycopg, ten jobs at once. It keeps status, attempts and an event per transition, no result."""

from __future__ import annotations

import asyncio
import time

import procrastinate
import psycopg

from tools.bench.peers.protocol import BULK, IN_FLIGHT, PAUSE, POLL_EVERY, answer, latencies, read_order

ORDER = read_order()
APP = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=ORDER.address, min_size=2, max_size=14))


@APP.task(name="noop", queue="q")
async def noop(n: int) -> None:
    return None


def work(*, wait: bool) -> object:
    return APP.run_worker_async(
        queues=["q"], concurrency=IN_FLIGHT, wait=wait, install_signal_handlers=False, delete_jobs="never"
    )


async def preload() -> None:
    for first in range(0, ORDER.count, BULK):
        await noop.batch_defer_async(*[{"n": n} for n in range(first, min(first + BULK, ORDER.count))])
    answer(ok=1)


async def submit() -> None:
    left = iter(range(ORDER.count))

    async def some() -> None:
        for n in left:
            await noop.defer_async(n=n)

    started = time.perf_counter()
    await asyncio.gather(*[some() for _ in range(IN_FLIGHT)])
    answer(rate=ORDER.count / (time.perf_counter() - started))


async def drain() -> None:
    started = time.perf_counter()
    await work(wait=False)  # type: ignore[misc] # a coroutine
    took = time.perf_counter() - started
    with psycopg.connect(ORDER.address) as connection:
        done = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'").fetchone()
    answer(rate=ORDER.count / took, done=done[0] if done else 0)


async def latency() -> None:
    running = asyncio.ensure_future(work(wait=True))  # type: ignore[call-overload] # a coroutine
    await asyncio.sleep(1)
    times = []
    watcher = await psycopg.AsyncConnection.connect(ORDER.address, autocommit=True)
    for n in range(ORDER.count):
        await asyncio.sleep(PAUSE)
        started = time.perf_counter()
        job = await noop.defer_async(n=n)
        while True:
            found = await watcher.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", (job,))
            if await found.fetchone() == ("succeeded",):
                break
            await asyncio.sleep(POLL_EVERY)
        times.append(time.perf_counter() - started)
    running.cancel()
    answer(**latencies(times))


async def main() -> None:
    async with APP.open_async():
        await {"preload": preload, "submit": submit, "drain": drain, "latency": latency}[ORDER.mode]()


if ORDER.mode == "setup":
    with APP.open():
        APP.schema_manager.apply_schema()
    answer(ok=1)
asyncio.run(main())
