"""Durable tasks on AWS Lambda, SQS and PostgreSQL: the public API.

An application is a Python package with agents, and where it needs them routes and a schema:

    my_app/agents/person_greet.py    one agent of each task type; the file is named after the type
    my_app/routes/__init__.py     ROUTERS, a tuple of functions that take `Services` and return a `Router`
    my_app/store/migrations/      SQL files; optional

An agent is a handler with options. It may run more than once, so its effects go through the task's transaction
(`ctx.db`), which commits together with the result, or through `ctx.step`, which records a result once:

    from pydantic import BaseModel
    from orchestrator import Context, Refuse, agent

    class Greet(BaseModel):
        name: str

    @agent("person.greet", payload=Greet, open_to_users=True)
    def greet(ctx: Context, payload: Greet) -> dict[str, str]:
        if payload.name == "nobody":
            raise Refuse("There is nobody of that name.", code="nobody")
        ctx.progress("Thinking", percent=50)
        return {"message": f"Hello {payload.name}"}

A handler ends its task by returning a result (`completed`) or by raising `Refuse` (`failed`). `RetryAfter` runs it
again later and spends no attempt. Any other exception spends an attempt; after the last one the task is a dead letter.

A test runs one task on a real database:

    from orchestrator import run_agent

    done = run_agent(database_url, "person.greet", {"name": "Lina"}, package="my_app.agents")
    assert done.result == {"message": "Hello Lina"}

A route submits tasks on behalf of the caller, whom the access token identifies:

    from orchestrator import Response, Router, Services, operation, read_body, submit_task

    def greeting_routes(services: Services) -> Router:
        router = Router()

        @router.post("/api/greetings")
        @operation("Greet somebody", {202: TaskAccepted}, body=Greet)
        def greet() -> Response[Any]:
            body = read_body(Greet, router.current_event)
            return submit_task(services, router, "person.greet", body.model_dump())

        return router

Names are imported when they are first used, so that `import orchestrator` costs nothing in a cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Response, Router

    from orchestrator.engine.agents import agent
    from orchestrator.engine.context import AsyncContext, Call, Child, Context, Gathered
    from orchestrator.engine.limits.declared import Concurrent, Rate
    from orchestrator.engine.submit import TaskRequest, submit
    from orchestrator.engine.unique import Unique, UniqueKey, debounce
    from orchestrator.engine.waiting.approvals import Decision
    from orchestrator.engine.waiting.signals import announce_signal, signal
    from orchestrator.http.app import Services, current_owner, submit_task
    from orchestrator.http.errors import json_response
    from orchestrator.http.operation import Parameter, operation
    from orchestrator.http.request import read as read_body
    from orchestrator.model.errors import (
        Conflict,
        Fault,
        Forbidden,
        InvalidInput,
        NotFound,
        Refuse,
        RetryAfter,
        WaitExpired,
    )
    from orchestrator.testing import Ran, run_agent

#: Each public name's module, and its name there where it differs.
_MODULES = {
    # for agents
    "agent": "engine.agents",
    "Context": "engine.context",
    "AsyncContext": "engine.context",
    "Call": "engine.context",
    "Child": "engine.context",
    "Gathered": "engine.context",
    "Concurrent": "engine.limits.declared",
    "Rate": "engine.limits.declared",
    "Unique": "engine.unique",
    "UniqueKey": "engine.unique",
    "debounce": "engine.unique",
    "Decision": "engine.waiting.approvals",
    "Refuse": "model.errors",
    "RetryAfter": "model.errors",
    "WaitExpired": "model.errors",
    # for routes
    "Response": "http.app",
    "Router": "http.app",
    "Services": "http.app",
    "operation": "http.operation",
    "Parameter": "http.operation",
    "read_body": "http.request:read",
    "json_response": "http.errors",
    "current_owner": "http.app",
    "submit_task": "http.app",
    "TaskRequest": "engine.submit",
    "submit": "engine.submit",
    "signal": "engine.waiting.signals",
    "announce_signal": "engine.waiting.signals",
    # errors that a route answers with
    "Fault": "model.errors",
    "InvalidInput": "model.errors",
    "Forbidden": "model.errors",
    "NotFound": "model.errors",
    "Conflict": "model.errors",
    # for tests
    "run_agent": "testing",
    "Ran": "testing",
}

__all__ = [
    "AsyncContext",
    "Call",
    "Child",
    "Concurrent",
    "Conflict",
    "Context",
    "Decision",
    "Fault",
    "Forbidden",
    "Gathered",
    "InvalidInput",
    "NotFound",
    "Parameter",
    "Ran",
    "Rate",
    "Refuse",
    "Response",
    "RetryAfter",
    "Router",
    "Services",
    "TaskRequest",
    "Unique",
    "UniqueKey",
    "WaitExpired",
    "agent",
    "announce_signal",
    "current_owner",
    "debounce",
    "json_response",
    "operation",
    "read_body",
    "run_agent",
    "signal",
    "submit",
    "submit_task",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used."""
        from importlib import import_module

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, _, attribute = _MODULES[name].partition(":")
        value = getattr(import_module(f"{__name__}.{module}"), attribute or name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
