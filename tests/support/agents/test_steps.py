"""Steps: many after one another, side by side, with a check, and a loop with checkpoints."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import psycopg
from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context

#: The database that stands for a service outside: it has no idempotency keys, but a query.
OUTSIDE: dict[str, str] = {}
#: How often each step's function was called in this process.
CALLED: Counter[str] = Counter()
#: Seconds of an imagined clock; each part of the work takes two.
CLOCK = [0.0]
#: The most functions that ran at once.
AT_ONCE = [0, 0]


class Steps(BaseModel):
    do: str
    parts: int = 0
    failing: list[str] = []


@agent("test.steps", payload=Steps, timeout=10.0)
def steps(ctx: Context, payload: Steps) -> dict[str, Any]:
    match payload.do:
        case "many":
            return {"parts": [ctx.step(f"part-{number}", work) for number in range(payload.parts)]}
        case "loop":
            first = ctx.state or 0
            for number in range(first, payload.parts):
                work(f"loop-{number}")
                ctx.checkpoint(number + 1)
            return {"from": first}
        case "parallel":
            calls = {f"call-{number}": failing(payload.failing) for number in range(payload.parts)}
            return ctx.parallel(calls, at_most=3)
        case "checkpoint-after-db":
            ctx.db.execute("SELECT 1")
            ctx.checkpoint(1)
    return {"charged": ctx.step("charge", charge, check=find)}


def work(key: str) -> str:
    CALLED[key.rpartition(":")[2]] += 1
    CLOCK[0] += 2.0
    return key


def failing(names: list[str]) -> Any:
    def call(key: str) -> str:
        name = key.rpartition(":")[2]
        CALLED[name] += 1
        with LOCK:
            AT_ONCE[0] += 1
            AT_ONCE[1] = max(AT_ONCE)
        BARRIER.wait()
        with LOCK:
            AT_ONCE[0] -= 1
        if name in names and CALLED[name] == 1:
            raise ValueError(name)
        return name

    return call


LOCK = threading.Lock()
#: Three functions at a time go on together.
BARRIER = threading.Barrier(3)


def charge(key: str) -> str:
    with psycopg.connect(OUTSIDE["url"], autocommit=True) as outside:
        outside.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, 1)", (key.partition(":")[0],))
    return key


def find(key: str) -> str | None:
    with psycopg.connect(OUTSIDE["url"], autocommit=True) as outside:
        found = outside.execute("SELECT 1 FROM ledger WHERE task_id = %s", (key.partition(":")[0],)).fetchone()
    return key if found else None
