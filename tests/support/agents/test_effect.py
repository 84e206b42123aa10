"""Writes a row of a ledger, then do the actions of its payload."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import Any, Literal

import psycopg
from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import Refuse, RetryAfter
from orchestrator.model.fault_injection import reach


class Effect(BaseModel):
    model_config = ConfigDict(extra="forbid")

    do: Literal["succeed", "refuse", "raise", "retry", "exit", "kill", "hang", "bad-result", "abort-transaction"] = (
        "succeed"
    )
    #: Do it only on the first so many attempts; 0: on every one.
    times: int = 0
    seconds: float = 0.0


@agent("test.effect", payload=Effect, open_to_users=True, timeout=20.0, flags=("test_flag",))
def effect(ctx: Context, payload: Effect) -> dict[str, Any]:
    ctx.db.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, %s)", (ctx.task_id, ctx.attempt))
    reach("run.in_handler")
    if payload.times == 0 or ctx.attempt <= payload.times:
        _misbehave(ctx, payload)
    return {"attempt": ctx.attempt, "flag": ctx.flags.get("test_flag")}


def _misbehave(ctx: Context, payload: Effect) -> None:
    match payload.do:
        case "refuse":
            raise Refuse("You may not do this.", code="not_allowed")
        case "raise":
            raise ValueError("secret detail 42")
        case "retry":
            raise RetryAfter(payload.seconds, "busy")
        case "exit":
            os._exit(1)
        case "kill":  # as the kernel does when a function uses more memory than it has
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            while True:
                time.sleep(0.01)
        case "bad-result":
            raise ValueError(f"nul \x00 and {ctx.task_id}")
        case "abort-transaction":
            with suppress(psycopg.Error):
                ctx.db.execute("SELECT 1 / 0")
