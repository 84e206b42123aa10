"""Number 11: frames per second and CPU time per frame of the push function.

    python -m tools.bench push [--rounds 5] [--events 10]

The gateway is a process on this machine that accepts every frame at once. Postgres and the gateway are not part of the
CPU time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection as Pipe_
from statistics import median
from time import perf_counter, process_time

from orchestrator.aws.websocket_api import Sockets
from orchestrator.engine.live.subscriptions import push
from orchestrator.model.cursor import Cursor
from orchestrator.model.ids import new_task_id
from orchestrator.store import events
from orchestrator.store.connection import connect
from tests.support.postgres import connect_as
from tools.bench.preparation import durable_server, ground

ACCEPTED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#: Keys with which requests are signed; the gateway of this benchmark checks none.
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "eu-central-1"}


@dataclass(frozen=True, slots=True)
class Crowd:
    """Sockets, divided among owners."""

    title: str
    sockets: int
    owners: int


CROWDS = (Crowd("500 sockets of 4 owners", 500, 4), Crowd("500 owners with a socket each", 500, 500))


@dataclass(frozen=True, slots=True)
class Pushed:
    """One round of a crowd: CPU time per frame in ms."""

    frames: int
    per_second: float
    cpu: float


async def _accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            await reader.readexactly(length)
            writer.write(ACCEPTED)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve(ready: Pipe_) -> None:
    server = await asyncio.start_server(_accept, "127.0.0.1", 0)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _gateway(ready: Pipe_) -> None:
    asyncio.run(_serve(ready))


@contextmanager
def gateway() -> Iterator[str]:
    """Yield the endpoint of a gateway that accepts every frame."""
    here, there = Pipe()
    process = Process(target=_gateway, args=(there,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{here.recv()}/live"
    process.kill()
    process.join()


def prepare(url: str, crowd: Crowd, tasks: int) -> None:
    """Subscribe the sockets, then give each owner `tasks` tasks with three events each."""
    ids = [new_task_id() for _ in range(tasks * crowd.owners)]
    with connect(url) as connection:
        present, _ = events.snapshot_now(connection)
        connection.execute(
            "INSERT INTO socket_connections (id, owner_id, expires_at, subscribed, cursor)"
            " SELECT 'L0SM9cOFvHcCIh' || n || '=', (n %% %(owners)s)::text, now() + interval '1 hour', true, %(cursor)s"
            " FROM generate_series(1, %(sockets)s) AS n",
            {"owners": crowd.owners, "sockets": crowd.sockets, "cursor": str(Cursor(present))},
        )
        connection.execute(
            "WITH task AS (INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at)"
            " SELECT id, (n %% %(owners)s)::text, 'bench.noop', '{}', now(), now() FROM"
            " unnest(%(ids)s::uuid[]) WITH ORDINALITY AS t (id, n) RETURNING *)"
            " INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)"
            " SELECT id, 1, 0, 'submitted', 'pending', owner_id FROM task",
            {"ids": ids, "owners": crowd.owners},
        )
        connection.execute("VACUUM ANALYZE agent_tasks, agent_task_events, socket_connections")


def measure(url: str, endpoint: str, crowd: Crowd, tasks: int) -> Pushed:
    prepare(url, crowd, tasks)
    database, sockets = connect_as(url, "push"), Sockets(endpoint)
    sockets.post("warm", b"{}")
    database.connection()
    owners = [str(number) for number in range(crowd.owners)]
    began, cpu = perf_counter(), process_time()
    push(database, sockets, owners)
    took, cpu = perf_counter() - began, process_time() - cpu
    database.close()
    frames = crowd.sockets * tasks
    return Pushed(frames, frames / took, cpu / frames * 1000)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench push", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds whose median is taken")
    parser.add_argument("--events", type=int, default=10, help="frames a socket")
    options = parser.parse_args(arguments)
    os.environ.update(KEYS)
    sys.stdout.write("| sockets | frames | frames/s | CPU ms a frame |\n|---|---|---|---|\n")
    with durable_server() as layout, gateway() as endpoint:
        for crowd in CROWDS:
            rounds = []
            for _ in range(options.rounds):
                with ground(layout) as url:
                    rounds.append(measure(url, endpoint, crowd, options.events))
            rate, cpu = median(one.per_second for one in rounds), median(one.cpu for one in rounds)
            sys.stdout.write(f"| {crowd.title} | {rounds[0].frames} | {rate:.0f} | {cpu:.3f} |\n")
