"""An agent that writes a stream; in its first attempts it may fail in the middle."""

from __future__ import annotations

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context


class Text(BaseModel):
    parts: list[str]
    #: For each attempt that fails, the number of parts that it writes before.
    fails_after: list[int] = []


@agent("test.streaming", payload=Text, max_attempts=5)
def stream(ctx: Context, payload: Text) -> dict[str, str]:
    fails = payload.fails_after[ctx.attempt - 1 : ctx.attempt]
    with ctx.stream("answer") as out:
        for index, part in enumerate(payload.parts):
            if fails and index == fails[0]:
                raise RuntimeError("in mid-sentence")
            out.write(part.replace("<NUL>", "\x00"))
    return {"text": "".join(payload.parts)}
