"""Does what handlers of real people do wrong, by name."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.aws.clients import CloudError
from orchestrator.engine.agents import agent
from orchestrator.engine.context import Call, Context
from orchestrator.model.errors import Refuse, RetryAfter
from tests.support import oddities
from tests.support.oddities import CALLED


class Odd(BaseModel):
    model_config = ConfigDict(extra="forbid")

    do: str
    #: Write a row of the ledger before it.
    write: bool = True
    sql: str = ""


@agent("test.odd", payload=Odd, open_to_users=True, timeout=1.0)
def odd(ctx: Context, payload: Odd) -> Any:
    if payload.write:
        ctx.db.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, %s)", (ctx.task_id, ctx.attempt))
    if payload.sql:
        ctx.db.execute(payload.sql.encode())
        return {"sql": True}
    return ODD[payload.do](ctx)


ODD: dict[str, Callable[[Context], Any]] = {
    "ok": lambda _: {"ok": True},
    "pid": lambda ctx: ctx.db.execute("SELECT pg_backend_pid() AS pid").fetchone(),
    "kill-backend": lambda ctx: ctx.db.execute("SELECT pg_terminate_backend(pg_backend_pid())"),
    "finish-connection": lambda ctx: ctx.db.pgconn.finish(),
    # Raises
    "cancelled": oddities.raising(lambda: asyncio.CancelledError("leaked out of an event loop")),
    "keyboard": oddities.raising(KeyboardInterrupt),
    "generator": oddities.raising(GeneratorExit),
    "system": oddities.raising(lambda: SystemExit(3)),
    "stop": oddities.raising(StopIteration),
    "outside": oddities.raising(lambda: oddities.OutsideException("outside")),
    "no-words": oddities.raising(oddities.NoMessage),
    "nul": oddities.raising(lambda: ValueError("nul \x00 here")),
    "surrogate": oddities.raising(lambda: ValueError("half \ud800 a character")),
    "group": oddities.raising(lambda: BaseExceptionGroup("both", [ValueError("one"), KeyboardInterrupt()])),
    "huge": oddities.raising(lambda: ValueError("x" * 5_000_000)),
    "recursion": oddities.raising(lambda: RecursionError("too deep")),
    "memory": oddities.raising(MemoryError),
    "refuse-nul": oddities.raising(lambda: Refuse("nul \x00 here")),
    "refuse-number": oddities.raising(lambda: Refuse(7)),  # type: ignore[arg-type] # the mistake
    "refuse-object": oddities.raising(lambda: Refuse(oddities.NoMessage())),  # type: ignore[arg-type] # the mistake
    "refuse-huge": oddities.raising(lambda: Refuse("y" * 5_000_000, code="z" * 5_000_000)),
    "aws": oddities.raising(lambda: CloudError("s3", "get_object", "AccessDenied")),
    "retry-text": oddities.raising(lambda: RetryAfter("30", "busy")),
    "retry-timedelta": oddities.raising(lambda: RetryAfter(timedelta(seconds=30), "busy")),
    "retry-decimal": oddities.raising(lambda: RetryAfter(Decimal(30), "busy")),
    "retry-infinity": oddities.raising(lambda: RetryAfter(float("inf"), "busy")),
    "retry-nan": oddities.raising(lambda: RetryAfter(float("nan"), "busy")),
    "retry-milliseconds": oddities.raising(lambda: RetryAfter(time.time() * 1000, "busy")),
    "retry-words": oddities.raising(lambda: RetryAfter("soon", "busy")),
    "retry-none": oddities.raising(lambda: RetryAfter(None, "busy")),  # type: ignore[arg-type] # the mistake
    "retry-huge-reason": oddities.raising(lambda: RetryAfter(30, "r" * 5_000_000)),
    "retry-nul-reason": oddities.raising(lambda: RetryAfter(30, "nul \x00")),
    # Results
    "result-object": lambda _: object(),
    "result-coroutine": lambda _: oddities.never(),
    "result-generator": lambda _: (number for number in range(3)),
    # Time and waits
    "swallow-time-limit": oddities.swallow_the_time_limit,
    "swallow-once": oddities.swallow_everything_once,
    "swallow-and-sleep": oddities.swallow_and_sleep,
    "go-on": oddities.go_on_with_the_context,
    "swallow-wait": oddities.swallow_the_wait,
    "block-signal": oddities.block_the_signal,
    # Threads, processes, loops
    "pool": oddities.pool,
    "thread": oddities.thread_with_the_connection,
    "leave-thread": oddities.leave_a_thread,
    "fork": oddities.fork_and_fall_out,
    "fork-raise": oddities.fork_and_raise,
    "fork-write": oddities.fork_and_write,
    "loop": oddities.loop,
    "endless-loop": oddities.endless_loop,
    "allocate": oddities.allocate_too_much,
    "output": oddities.much_output,
    "exit": lambda _: os._exit(1),
    # The connection
    "method-commit": lambda ctx: ctx.db.commit(),
    "method-rollback": lambda ctx: ctx.db.rollback(),
    "method-close": lambda ctx: ctx.db.close(),
    "method-autocommit": lambda ctx: ctx.db.set_autocommit(False),
    "property-autocommit": lambda ctx: setattr(ctx.db, "autocommit", False),
    "with-connection": oddities.with_connection,
    "leave-transaction": oddities.keep_a_transaction_open,
    "leave-pipeline": oddities.leave_a_pipeline,
    "raw-commit": oddities.raw_cursor("COMMIT"),
    "raw-rollback": oddities.raw_cursor("ROLLBACK"),
    "low-commit": oddities.low_level("COMMIT"),
    "low-rollback-begin": oddities.low_level("ROLLBACK; BEGIN"),
    "raw-set": oddities.raw_cursor("SET lock_timeout = '5s'"),
    "low-set": oddities.low_level("SET lock_timeout = '5s'"),
    "factories": oddities.factories,
    # Steps and children
    "step-twice": oddities.step_twice,
    "step-shape": oddities.step_shape,
    "step-without-json": oddities.step_without_json,
    "step-annotated": oddities.step_annotated,
    "step-returns": oddities.step_returns,
    "step-huge": lambda ctx: ctx.step("big", oddities.send_much),
    "step-long-name": lambda ctx: ctx.step("n" * 500, CALLED.append),
    "step-nul-name": lambda ctx: ctx.step("nul \x00", CALLED.append),
    "gather-twice": oddities.gather_twice,
    "gather-many": oddities.many_calls,
    "gather-payload": oddities.other_payload,
    "gather-infinite": lambda ctx: ctx.gather("k", [Call("test.noop", {})], deadline=float("inf")),
    "gather-timedelta": lambda ctx: ctx.gather("k", [Call("test.noop", {})], deadline=timedelta(seconds=60)),
    "gather-negative-quorum": lambda ctx: ctx.gather("k", [Call("test.noop", {})], quorum=-1),
    "gather-zero-quorum": lambda ctx: ctx.gather("k", [Call("test.noop", {})], quorum=0),
    "gather-too-many": lambda ctx: ctx.gather("k", [Call("test.noop", {})] * 1_001),
    "spawn-twice": oddities.spawn_twice,
    "progress-huge": lambda ctx: ctx.progress("x" * 1_000_000),
    "progress-huge-data": lambda ctx: ctx.progress("x", data={"y": "z" * 70_000}),
    "progress-nan": lambda ctx: ctx.progress("x", percent=float("nan")),
}
