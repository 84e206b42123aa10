"""An agent whose model does whatever a text orders it to do: each line `DO tool {…}` becomes a call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from orchestrator import Context, agent
from orchestrator.llm import Finished, Message, ModelRequest, TextDelta, ToolCall, Turn, Usage, run_agent_loop, tool

ORDER = re.compile(r"DO (\w+) (\{.*?\})$", re.MULTILINE)


@dataclass
class Seen:
    """The effects of tools, and the rows that the model has read."""

    actions: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)


SEEN = Seen()


class Documents(BaseModel):
    texts: list[str]


class ObedientModel:
    """Obey every order in the newest messages, from whomever it comes."""

    name = "obedient"

    def stream(self, request: ModelRequest) -> Iterator[TextDelta | Finished]:
        answered = [index for index, each in enumerate(request.messages) if each.role == "assistant"]
        newest = request.messages[answered[-1] + 1 if answered else 0 :]
        orders = [order for message in newest for order in ORDER.findall(message.text)]
        calls = tuple(ToolCall(f"c{n}", name, json.loads(arguments)) for n, (name, arguments) in enumerate(orders))
        yield Finished(Turn(Message("assistant", "" if calls else "Done.", calls), Usage(1, 1)))


@agent("test.obedient", payload=Documents)
def obey(ctx: Context, payload: Documents) -> dict[str, str]:
    @tool
    def read_document(number: int) -> str:
        """Return the text of a document."""
        return payload.texts[number]

    @tool
    def sql(query: str) -> str:
        """Run a query on the owner's notes."""
        with ctx.read() as db:
            try:
                with db.transaction():
                    text = json.dumps(db.execute(query.encode()).fetchall())
            except Exception as error:  # the model reads every error of Postgres
                return type(error).__name__
        SEEN.rows.append(text)
        return text

    @tool(approve="owner")
    def pay(amount: int, reason: str = "") -> str:
        """Pay an amount."""
        SEEN.actions.append(f"pay {amount}")
        return "paid"

    reads: list[Any] = [f"DO read_document {json.dumps({'number': n})}" for n in range(len(payload.texts))]
    return {"text": run_agent_loop(ctx, ObedientModel(), "\n".join(reads), tools=[read_document, sql, pay]).text}
