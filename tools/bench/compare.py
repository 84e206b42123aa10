"""`python -m tools.bench compare`: this engine beside other queues, in turns, on one server with default durability.

Each measurement has a fresh database, the other queues an environment of their own under `.local`. One round runs every
system once; all rounds are printed. Server time counts every process of PostgreSQL, so background work too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from uuid import uuid4

import psycopg

from tests.support import postgres
from tools import virtualenvs
from tools.bench.preparation import commits_per_second, durable_server, ground
from tools.bench.usage import Usage
from tools.local_stack import postgres as server
from tools.local_stack.stack_config import Layout

OWN = "ours"
#: The systems. Each has a driver in tools/bench/peers.
SYSTEMS = (OWN, "pgqueuer", "procrastinate", "dbos", "dramatiq")
LATENCIES = 100
#: Tasks whose statements are counted in the server's log.
COUNTED = 500
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): ")


@dataclass(slots=True)
class Row:
    """A system's rounds of one measurement, values by name.

    `rate` is per second, `client` and `server` are µs of processor time per task, `p50` and `p95` ms.
    """

    system: str
    measured: str
    rounds: list[dict[str, float]] = field(default_factory=list)

    def typical(self, name: str) -> float:
        return median(each[name] for each in self.rounds)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench compare", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", default="1000,10000", help="tasks of a drain, several by comma")
    parser.add_argument("--submits", type=int, default=5000)
    parser.add_argument("--finished", default="0", help="finished tasks beside the measured ones, several by comma")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="some of them, by comma")
    options = parser.parse_args(arguments)
    virtualenvs.ensure(["peers"])
    systems = [each for each in options.systems.split(",") if each != "dramatiq" or shutil.which("redis-server")]
    rows: dict[tuple[str, str], Row] = {}
    with durable_server() as layout, redis() as store:
        for number in range(options.rounds):
            for measured, mode, count, finished in _plan(options):
                for system in systems:
                    if finished and system != OWN:
                        continue
                    row = rows.setdefault((system, measured), Row(system, measured))
                    row.rounds.append(_measure(layout, store, system, mode, count, finished))
                    sys.stderr.write(f"round {number + 1} {measured} {system}: {_short(row.rounds[-1])}\n")
        counted = {each: _count(layout, each) for each in systems if each != "dramatiq"}
    sys.stdout.write(table(list(rows.values()), counted))


def _plan(options: argparse.Namespace) -> Iterator[tuple[str, str, int, int]]:
    """Yield each measurement of a round: its name, the driver's mode, tasks, finished tasks beside them."""
    for finished in (int(each) for each in options.finished.split(",")):
        for size in (int(each) for each in options.sizes.split(",")):
            beside = f" beside {finished:,} finished" if finished else ""
            yield f"drain of {size:,}{beside}", "drain", size, finished
    yield "submit, 10 in flight", "submit", options.submits, 0
    yield "latency at idle", "latency", LATENCIES, 0


def _measure(
    layout: Layout, store: _Redis | None, system: str, mode: str, count: int, finished: int
) -> dict[str, float]:
    with _database(layout, system) as url:
        address = store.url if system == "dramatiq" and store else url
        if system != OWN:
            _drive(system, "setup", count, address)
        if mode == "drain":
            _drive(system, "preload", count, address, FINISHED=str(finished))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
            commit = commits_per_second(url) if system == OWN else 0.0
            commits = _commits(connection)
            root = store.pid if system == "dramatiq" and store else _postmaster(layout)
            before = Usage.now(root)
            result = _drive(system, mode, count, address)
            time.sleep(0.1)  # until the server has counted the use of its backends: they end with their clients
            after = Usage.now(root)
            commits = _commits(connection) - commits
    if result.get("done", count) < count:
        raise RuntimeError(f"{system} completed {result['done']} of {count} tasks")
    result |= {
        "client": (after.clients - before.clients) / count * 1e6,
        "server": (after.server - before.server) / count * 1e6,
    }
    return result | {"commits": commits / count, "foreign": after.foreign_since(before), "commit": commit}


def _drive(system: str, mode: str, count: int, address: str, **environment: str) -> dict[str, float]:
    """Run a driver to its end. Raise RuntimeError when it gives no result."""
    python = sys.executable if system == OWN else virtualenvs.python("peers")
    paths = os.pathsep.join(str(virtualenvs.ROOT / root) for root in virtualenvs.SOURCE_ROOTS)
    done = subprocess.run(
        [str(python), "-m", f"tools.bench.peers.with_{system}", mode, str(count), address],
        check=False,
        capture_output=True,
        text=True,
        cwd=virtualenvs.ROOT,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            found: dict[str, float] = json.loads(line.removeprefix("RESULT "))
            return found
    raise RuntimeError(f"{system} {mode} gave no result:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


def _count(layout: Layout, system: str) -> float:
    """Return statements per task of a drain, from the server's log."""
    with _database(layout, system) as url:
        if system != OWN:
            _drive(system, "setup", COUNTED, url)
        _drive(system, "preload", COUNTED, url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {connection.info.dbname} SET log_statement = 'all'".encode())
        log = server.program(layout).log
        before = len(_STATEMENT.findall(log.read_text(errors="replace")))
        _drive(system, "drain", COUNTED, url)
        return (len(_STATEMENT.findall(log.read_text(errors="replace"))) - before) / COUNTED


@contextmanager
def _database(layout: Layout, system: str) -> Iterator[str]:
    if system == OWN:
        with ground(layout) as url:
            yield url
        return
    name = f"peer_{uuid4().hex[:12]}"
    with psycopg.connect(postgres.url_of(layout, "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield postgres.url_of(layout, name)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _commits(connection: psycopg.Connection[tuple[int, ...]]) -> int:
    """Return the commits of this database, once the statistics of ended sessions have arrived."""
    query = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _postmaster(layout: Layout) -> int:
    return int((layout.state / "postgres" / "postmaster.pid").read_text().split()[0])


@dataclass(frozen=True)
class _Redis:
    url: str
    pid: int


@contextmanager
def redis() -> Iterator[_Redis | None]:
    """Yield a Redis of the comparison's own, where the machine has one."""
    program = shutil.which("redis-server")
    if program is None:
        sys.stderr.write("no redis-server on this machine: dramatiq is left out\n")
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "no"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield _Redis(f"redis://127.0.0.1:{port}/0", process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("redis-server does not answer")


def table(rows: Sequence[Row], counted: dict[str, float]) -> str:
    """Markdown, as docs/explanation/performance.md has it."""
    lines = [
        "| what | system | rate, 1/s | engine ÷ this | client, µs | server, µs | engine ÷ this | commits | statements"
        " | rounds | foreign |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(row, rows, counted) for row in rows if "rate" in row.rounds[0]]
    lines += [
        "",
        "| latency at idle | p50, ms | p95, ms | engine ÷ this | rounds | foreign |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        if "p50" in row.rounds[0]:
            ratio, rounds = _ratio(row, rows, "p50"), _rounds(row, "p50")
            noise = f"{row.typical('foreign'):.2f}"
            lines.append(
                f"| {row.system} | {row.typical('p50'):.1f} | {row.typical('p95'):.1f} | {ratio} | {rounds} | {noise} |"
            )
    commits = [each["commit"] for row in rows for each in row.rounds if each["commit"]]
    lines += ["", f"One client's commits, per second: {', '.join(f'{each:,.0f}' for each in commits)}"]
    return "\n".join(lines) + "\n"


def _line(row: Row, rows: Sequence[Row], counted: dict[str, float]) -> str:
    statements = f"{counted[row.system]:.2f}" if row.measured.startswith("drain") and row.system in counted else ""
    cells = [
        *(
            row.measured,
            row.system,
            f"{row.typical('rate'):,.0f}",
            _ratio(row, rows, "rate"),
            f"{row.typical('client'):,.0f}",
        ),
        *(f"{row.typical('server'):,.0f}", _ratio(row, rows, "server"), f"{row.typical('commits'):.2f}", statements),
        *(_rounds(row, "rate"), f"{row.typical('foreign'):.2f}"),
    ]
    return f"| {' | '.join(cells)} |"


def _ratio(row: Row, rows: Sequence[Row], name: str) -> str:
    """Return the median of the engine's value over this system's, round by round."""
    own = next((each for each in rows if each.system == OWN and each.measured == row.measured), None)
    if own is None or own is row:
        return "1"
    return f"{median(a[name] / b[name] for a, b in zip(own.rounds, row.rounds, strict=True) if b[name]):.2f}"


def _rounds(row: Row, name: str) -> str:
    return ", ".join(f"{each[name]:,.1f}" if name == "p50" else f"{each[name]:,.0f}" for each in row.rounds)


def _short(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.2f}" for name, value in values.items())
