"""The resource that runs out first at 10, 1,000 and 10,000 tasks a second: docs/explanation/scale.md.

Computed from `tools/quality/measured.json`, the template's parameters and the quotas below. `make reference` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from orchestrator.engine.sweep import RETENTION_DAYS
from tools.quality.growth.limits import limits
from tools.quality.monthly_cost import MEASURED, PING_SECONDS, memory, per_million
from tools.quality.reference.markdown import NOTE

#: Tasks a second.
RATES = (10, 1_000, 10_000)
#: Assumptions: milliseconds of a handler, open sockets for each task a second, tasks of a batch.
HANDLER_MS, SOCKETS_PER_RATE, BATCH = 100.0, 10, 10
DAY = 86_400
#: Resources that a row of the first table names.
SHOWN = 5
#: Seconds that a message is in flight beside its handler: receive, the tasks before it in its batch, delete.
FLIGHT_SECONDS = 1.0


def needs(rate: float, measured: dict[str, Any]) -> dict[str, float]:
    """Return the need of each resource at this rate, with a watcher for each task."""
    database = measured["database"]
    api, push = (measured["milliseconds"][name] / 1000 for name in ("ApiFunction", "PushFunction"))
    handler = HANDLER_MS / 1000 + measured["milliseconds"]["WorkerFunction"] / 1000
    workers, apis, pushes = rate * handler, rate * api, rate / BATCH * push
    pings = rate * SOCKETS_PER_RATE / PING_SECONDS
    return {
        "cpu": rate * (database["submit_us"] + database["run_us"] + 1e6 / database["deleted_a_second"]) / 1e6,
        "wal": rate * (database["wal_bytes"] + database["deletion_wal_bytes"]) / 1e6,
        "storage": rate * DAY * RETENTION_DAYS * database["stored_bytes"] / 1e9,
        "deletion": rate * 60 / database["deleted_a_second"],
        "connections": 2 * workers + apis + pushes,
        "workers": workers,
        "lambda": workers + apis + pushes,
        "flight": rate * (handler + FLIGHT_SECONDS),
        "http": rate,
        "frames": rate * measured["frames"] + 2 * pings,
        "pings": pings,
    }


def exhausted(rate: float, measured: dict[str, Any], *, raised: bool) -> list[str]:
    """Return the resources that do not suffice at this rate, the scarcest first."""
    known, needed = limits(), needs(rate, measured)
    used = {name: needed[name] / (one.raised if raised else one.usual) for name, one in known.items()}
    return sorted((name for name in used if used[name] > 1), key=lambda name: -used[name])


def page() -> str:
    measured: dict[str, Any] = json.loads(MEASURED.read_text())
    parts = (_intro, _first, _table, _money, _tables)
    return "\n".join([*(line for part in parts for line in part(measured)), CELLS]) + "\n"


def _intro(measured: dict[str, Any]) -> list[str]:
    database = measured["database"]
    return [
        "# Scale",
        "",
        NOTE,
        "",
        "This page computes which resource is used up first at 10, 1,000 and 10,000 tasks a second. It has not been"
        " measured on AWS. The input is `tools/quality/measured.json`, measured on two cores:",
        "",
        f"- a submit takes {database['submit_us']} µs of the database server's processor, a run in full batches"
        f" {database['run_us']} µs",
        f"- a task writes {database['wal_bytes']:,} bytes of WAL, and its rows and indexes keep"
        f" {database['stored_bytes']:,} bytes until they are deleted",
        f"- the sweeper deletes {database['deleted_a_second']:,} tasks a second",
        "",
        f"Assumptions: a handler takes {HANDLER_MS:.0f} ms; every task is watched; {SOCKETS_PER_RATE} sockets are open"
        f" for each task a second; batches have {BATCH} tasks.",
        "",
    ]


def _first(measured: dict[str, Any]) -> list[str]:
    known = limits()
    rows = []
    for rate in RATES:
        names = [
            ", ".join(known[name].title for name in exhausted(rate, measured, raised=raised)[:SHOWN]) or "nothing"
            for raised in (False, True)
        ]
        rows.append(f"| {rate:,} | {names[0]} | {names[1]} |")
    return [
        "## Used up first",
        "",
        f"The scarcest resource is first; at most {SHOWN} are shown.",
        "",
        "| tasks a second | with the defaults of the template | with every parameter and quota raised |",
        "|---:|---|---|",
        *rows,
        "",
    ]


def _table(measured: dict[str, Any]) -> list[str]:
    columns = [needs(rate, measured) for rate in RATES]
    rows = [
        f"| {one.title} | " + " | ".join(_number(each[name]) for each in columns) + f" | {one.unit} |"
        f" {_number(one.usual)} | {_number(one.raised)} | {one.how} | {one.source} |"
        for name, one in limits().items()
    ]
    return [
        "## Needed, and available",
        "",
        "Limits are those of us-east-1, written down from memory of the named pages in 2025-07.",
        "",
        "| resource | 10/s | 1,000/s | 10,000/s | unit | default | raised | by | source |",
        "|---|---:|---:|---:|---|---:|---:|---|---|",
        *rows,
        "",
    ]


def _money(measured: dict[str, Any]) -> list[str]:
    each = sum(line.dollars for line in per_million(measured, memory(), "arm64", BATCH)) / 1e6
    rows = [f"| {rate:,} | {rate * DAY * 30 * each:,.0f} |" for rate in RATES]
    return [
        "## Cost",
        "",
        f"A watched task costs ${each * 1e6:.2f} a million on arm64 in full batches, without database, network and"
        " handlers ([cost](cost.md)).",
        "",
        "| tasks a second | $ a month |",
        "|---:|---:|",
        *rows,
        "",
    ]


def _tables(measured: dict[str, Any]) -> list[str]:
    vacuum: Sequence[dict[str, Any]] = measured["database"]["vacuum"]
    rows = [
        f"| {one['deleted']:,} | {one['tasks_s']:.1f} | {one['events_s']:.1f} | {one['wal_mb']:,} |" for one in vacuum
    ]
    return [
        "## Growth and deletion",
        "",
        f"Finished tasks are deleted after {RETENTION_DAYS} days, in pages, each with its events and steps. Measured"
        f" with {measured['database']['events']:,} events (`python -m tools.bench.retention`):",
        "",
        "| tasks deleted before the vacuum | vacuum of tasks, s | vacuum of events, s | WAL of both, MB |",
        "|---:|---:|---:|---:|",
        *rows,
        "",
        "Postgres by itself waits until a fifth of a table is dead. Here the tables of tasks and events are vacuumed at"
        " 2 %, so that each vacuum is short"
        " ([decision 137](../decisions/0137-old-events-are-deleted-not-partitioned.md)).",
        "",
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


CELLS = """## Beyond one Postgres

First raise the parameters of the table. `ExistingDatabaseSecretArn` accepts any PostgreSQL 17 or newer, such as Aurora
PostgreSQL, whose storage takes more WAL and grows to 128 TiB. One writer remains.

The next step is cells ([decision 138](../decisions/0138-cells-of-owners.md)):

- A cell is one stack: database, queues, functions. It knows nothing of other cells.
- A directory in one small API assigns each owner to a cell, at the owner's first request. The owner stays there.
- A new cell takes new owners. It moves no owner that is known.
- A cell that fails stops its own owners only.
- Owners who share data, such as families that are friends, must be in one cell. A group of owners is assigned together.

`tests/simulation/test_cells.py` runs owners on two databases: every task stays in its owner's cell while a cell is
added, fails and returns. The small API is not part of this product."""
