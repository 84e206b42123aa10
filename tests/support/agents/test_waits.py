"""Waits: sleeps, or waits for signals, after a step."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import WaitExpired

#: The subject of a task's approval, where a test changes it.
SHOWN: dict[UUID, dict[str, Any]] = {}


class Answer(BaseModel):
    yes: bool


class Waiting(BaseModel):
    do: str = "wait"
    seconds: float | None = None
    until: datetime | None = None
    names: list[str] = ["answer"]
    catches: bool = False
    writes: bool = True
    by: Literal["owner", "operator"] | list[str] = "owner"
    then_wait: bool = False


@agent("test.waits", payload=Waiting)
def waits(ctx: Context, payload: Waiting) -> dict[str, Any]:
    first = ctx.step("first", lambda _: ctx.attempt)
    if payload.writes:
        ctx.db.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, %s)", (ctx.task_id, ctx.attempt))
    if payload.do == "sleep":
        ctx.sleep("nap", payload.seconds, until=payload.until)
        return {"first": first, "slept": True}
    if payload.do == "approve":
        show = SHOWN.get(ctx.task_id, {"amount": 5})
        decision = ctx.approve("pay", show=show, by=payload.by, expires=payload.seconds)
        if payload.then_wait:
            ctx.wait_for("answer")
        return {"verdict": decision.verdict, "value": decision.value, "by": decision.by, "note": decision.note}
    answers = []
    for name in payload.names:
        try:
            schema = Answer if payload.do == "wait" else None
            got = ctx.wait_for(name, schema=schema, deadline=payload.seconds)
        except WaitExpired:
            if not payload.catches:
                raise
            got = None
        answers.append(got.model_dump() if isinstance(got, Answer) else got)
    return {"first": first, "answers": answers}
