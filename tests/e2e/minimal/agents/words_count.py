"""Count the terms of a text."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from orchestrator import Context, Refuse, agent


class Text(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=1_000)


@agent("words.count", payload=Text, open_to_users=True)
def count(ctx: Context, payload: Text) -> dict[str, int]:
    parts = payload.text.split()
    if not parts:
        raise Refuse("The text has no words.", code="no_words")
    ctx.progress("Counting", percent=50)
    return {"words": len(parts)}
