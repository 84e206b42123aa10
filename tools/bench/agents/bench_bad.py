"""Fails every time."""

from __future__ import annotations

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tools.bench.agents.bench_noop import Numbered


@agent("bench.bad", payload=Numbered, open_to_users=True)
def bad(ctx: Context, payload: Numbered) -> None:
    raise ValueError("always")
