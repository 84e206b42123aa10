"""Ask a slow model, beside other tasks of the lane `long`."""

from __future__ import annotations

import asyncio
import urllib.request

from pydantic import BaseModel, ConfigDict

from orchestrator import AsyncContext, agent


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str


@agent("words.ask", payload=Question, open_to_users=True, timeout=300)
async def ask(ctx: AsyncContext, payload: Question) -> dict[str, object]:
    answer = await ctx.step("ask", lambda key: asyncio.to_thread(_ask, payload.url, key))
    async with ctx.transaction() as db:
        (row,) = await db.execute("SELECT txid_current_if_assigned() IS NOT NULL AS written")
    return {"answer": answer, "inTransaction": row["written"]}


def _ask(url: str, key: str) -> int:
    request = urllib.request.Request(url, headers={"Idempotency-Key": key})
    with urllib.request.urlopen(request, timeout=250) as response:
        return int(response.read())
