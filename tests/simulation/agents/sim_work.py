"""Plays a script: one word for each time it is run, then the last word for ever."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import Refuse, RetryAfter
from orchestrator.model.fault_injection import ProcessKilled, reach

Outcome = Literal["succeed", "raise", "refuse", "wait", "die", "effectless"]

#: How often each task's handler was started, with any outcome.
RUNS: Counter[UUID] = Counter()
#: How often the world outside was called with each idempotency key.
CALLS: Counter[str] = Counter()


class Script(BaseModel):
    outcomes: list[Outcome] = []
    then: Outcome = "succeed"
    step: bool = False
    spawn: bool = False


@agent("sim.work", payload=Script, open_to_users=True, flags=("sim_flag",))
def work(ctx: Context, payload: Script) -> dict[str, Any]:
    word = payload.outcomes[RUNS[ctx.task_id]] if RUNS[ctx.task_id] < len(payload.outcomes) else payload.then
    RUNS[ctx.task_id] += 1
    if word == "effectless":
        return {"word": word}
    if payload.step:
        called = ctx.step("call", call_outside)
        ctx.progress("called", percent=50)
    ctx.db.execute("INSERT INTO ledger (task_id, what) VALUES (%s, 'effect')", (ctx.task_id,))
    if payload.spawn:
        ctx.spawn("sim.work", {"outcomes": ["raise"]})
    reach("run.in_handler")
    act(word)
    return {"word": word, "called": called if payload.step else None, "flag": ctx.flags["sim_flag"]}


def act(word: Outcome) -> None:
    match word:
        case "raise":
            raise ValueError("as scripted")
        case "refuse":
            raise Refuse("As scripted.")
        case "wait":
            raise RetryAfter(40.0, "as scripted")
        case "die":
            raise ProcessKilled


def call_outside(key: str) -> int:
    CALLS[key] += 1
    return CALLS[key]
