"""From COMMIT to the watcher: many sockets on a stack that is up, and how long updates take to reach them.

    python -m tools.bench.live [SOCKETS] [TASKS]      (after `make up`)

Every socket belongs to one of the demonstration families and hears of all its family's tasks. An update's delay is the
time between the database's own stamp of the event and its arrival, both on this machine's clock.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

import httpx
import websockets

from tools.local_stack.stack_config import Layout

#: Seconds until the last update must have come; one that has not by then is counted as missing.
PATIENCE = 60.0
#: Connections opened at the same time.
AT_ONCE = 10


class Watcher:
    """One socket: its frames, the `seq` of each update that it received, by task, and the frames' delays in seconds."""

    def __init__(self, heard: asyncio.Event) -> None:
        self._heard = heard
        self.seen: dict[str, list[int]] = {}
        self.frames = 0
        self.delays: list[float] = []
        self.done: set[str] = set()

    def hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] != "task-update":
            return
        task = frame["task"]
        self.frames += 1
        self.seen.setdefault(task["id"], []).extend(each["seq"] for each in [*task.get("earlier", []), task])
        self.delays.append(time.time() - datetime.fromisoformat(task["updatedAt"]).timestamp())
        if task["status"] == "completed":
            self.done.add(task["id"])
            self._heard.set()


async def measure(sockets: int, tasks: int) -> None:
    stack = Layout.from_environment().read_stack()
    families = [user for user in stack["users"] if user.get("role") != "operator"]
    async with httpx.AsyncClient(base_url=stack["api_url"], timeout=60) as api:
        headers = [await _sign_in(api, family) for family in families]
        heard = asyncio.Event()
        watchers = [Watcher(heard) for _ in range(sockets)]
        slots = asyncio.Semaphore(AT_ONCE)
        ready = [asyncio.Event() for _ in watchers]
        listening = [
            asyncio.create_task(_listen(api, headers[index % len(headers)], watcher, slots, ready[index]))
            for index, watcher in enumerate(watchers)
        ]
        opened = asyncio.create_task(_all_open(ready))
        ended, _ = await asyncio.wait([*listening, opened], return_when=asyncio.FIRST_COMPLETED)
        for each in ended:
            each.result()  # a socket that could not be opened ends the measurement
        submitted: dict[int, list[str]] = {index: [] for index in range(len(headers))}
        for number in range(tasks):
            index = number % len(headers)
            body = {"type": "echo", "payload": {"number": number}}
            answer = await api.post("/api/tasks", json=body, headers=headers[index])
            submitted[index].append(answer.raise_for_status().json()["id"])
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not _all_received(watchers, submitted):
                    heard.clear()
                    await heard.wait()
        for each in listening:
            each.cancel()
    _report(watchers, submitted, tasks)


async def _all_open(ready: list[asyncio.Event]) -> None:
    for each in ready:
        await each.wait()


async def _sign_in(api: httpx.AsyncClient, family: dict[str, str]) -> dict[str, str]:
    body = {"identifier": family["name"], "password": family["password"]}
    answer = await api.post("/auth/login", json=body)
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['accessToken']}"}


async def _listen(
    api: httpx.AsyncClient, headers: dict[str, str], watcher: Watcher, slots: asyncio.Semaphore, ready: asyncio.Event
) -> None:
    async with slots:
        ticket = (await api.post("/api/realtime/ticket", headers=headers)).raise_for_status().json()
        socket = await websockets.connect(ticket["url"], open_timeout=60, ping_interval=None)
        await socket.send(json.dumps({"action": "subscribe"}))
        await socket.recv()
    ready.set()
    async with socket:
        async for text in socket:
            watcher.hear(json.loads(text))


def _all_received(watchers: list[Watcher], submitted: dict[int, list[str]]) -> bool:
    return all(watcher.done >= set(submitted[index % len(submitted)]) for index, watcher in enumerate(watchers))


def _report(watchers: list[Watcher], submitted: dict[int, list[str]], tasks: int) -> None:
    missing = doubled = disordered = 0
    for index, watcher in enumerate(watchers):
        for task_id in submitted[index % len(submitted)]:
            seqs = watcher.seen.get(task_id, [])
            missing += set(seqs) != {1, 2, 3}
            doubled += len(seqs) != len(set(seqs))
            disordered += seqs != sorted(seqs)
    delays = sorted(delay * 1000 for watcher in watchers for delay in watcher.delays)
    frames = sum(watcher.frames for watcher in watchers)
    watched = sum(len(watcher.done) for watcher in watchers)
    print(f"{len(watchers)} sockets, {tasks} tasks, {frames} frames, {frames / max(watched, 1):.2f} for each task")
    late = delays[int(len(delays) * 0.95)]
    print(f"delay ms: median {statistics.median(delays):.0f}, 95 % {late:.0f}, most {delays[-1]:.0f}")
    print(f"tasks with an update missing {missing}, doubled {doubled}, out of order {disordered}")


if __name__ == "__main__":
    arguments = [int(each) for each in sys.argv[1:]]
    asyncio.run(measure(*(arguments + [500, 40][len(arguments) :])))
