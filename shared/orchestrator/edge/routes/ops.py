"""Operators: what is going on, why a task does not run, and what they may do to one."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.edge.errors import json_response
from orchestrator.edge.http import Services, acting_operator
from orchestrator.edge.operations import TASK_ID, Parameter, operation
from orchestrator.edge.requests import Query, path_uuid
from orchestrator.edge.routes.tasks import AFTER, CURSOR, LARGEST_PAGE, LIMIT, PAGE, STATUS, STATUSES, TYPE
from orchestrator.edge.stats import STEP, WINDOW, load_view, pace_view, queue_depth, series_view, stats_view
from orchestrator.edge.views import dossier_view, history_view, operator_view
from orchestrator.engine import redrive as letters
from orchestrator.engine.cancel import cancel as cancel_task
from orchestrator.engine.explain import explain
from orchestrator.engine.redrive import Selection
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.task import Status
from orchestrator.store import dead_letters, events, family, ops, tasks
from orchestrator.store.db import Connection

P = ParamSpec("P")
T = TypeVar("T")

#: Events of a dossier.
MOST_EVENTS = 1_000

OWNER = Parameter("owner", {"type": "string", "minLength": 1, "maxLength": 128})


def ops_routes(services: Services) -> Router:
    router = Router()
    _register_tasks(router, services)
    return router


def _register_tasks(router: Router, services: Services) -> None:
    @router.get("/ops/stats")
    @operation(
        "The system at a glance", {200: "orchestrator.edge.operator_answers:Stats"}, access="operator", tag="ops"
    )
    def stats() -> Response[Any]:
        took: list[float] = []

        def ask(question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
            asked = perf_counter()
            answer = services.db.run(question, *args, **kwargs)
            took.append((perf_counter() - asked) * 1_000)
            return answer

        live = ask(ops.live_counts)
        finished = ask(ops.finished_counts, WINDOW)
        depths = {"queue": queue_depth(services.queue), "deadLetterQueue": queue_depth(services.dead_letters)}
        series = series_view(ask(ops.finished_series, WINDOW, STEP))
        pace = pace_view(ask(ops.paces, WINDOW))
        busiest = ask(ops.busiest_owner)
        load = load_view(ask(ops.load), max(took))
        more = {"series": series, "pace": pace, "load": load, "busiest": busiest}
        return json_response(200, {**depths, **stats_view(live, finished), **more})

    @router.get("/ops/tasks")
    @operation(
        "Everybody's tasks, newest first",
        {200: "orchestrator.edge.operator_answers:OpsTaskPage"},
        parameters=(OWNER, STATUS, TYPE, LIMIT, CURSOR),
        access="operator",
        tag="ops",
    )
    def search() -> Response[Any]:
        query = Query(router.current_event)
        owner, status = query.text("owner", longest=128), query.choice("status", STATUSES)
        task_type, before = query.text("type", longest=100), query.uuid("cursor")
        limit = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE
        query.check()
        found = services.db.run(
            ops.search,
            owner=owner,
            status=Status(status) if status else None,
            type=task_type,
            before=before,
            limit=limit,
        )
        items = [operator_view(task, listed=True) for task in found.tasks]
        cursor = str(found.next_before) if found.next_before else None
        return json_response(200, {"items": items, "nextCursor": cursor})

    @router.get("/ops/tasks/<task_id>")
    @operation(
        "One task with its history, its children and why it is where it is",
        {200: "orchestrator.edge.operator_answers:Dossier"},
        parameters=(TASK_ID, AFTER),
        access="operator",
        tag="ops",
    )
    def dossier(task_id: str) -> Response[Any]:
        found_id, query = path_uuid(task_id), Query(router.current_event)
        after = query.integer("after", low=0, high=2**31 - 1)
        query.check()
        task = services.db.run(tasks.get, None, found_id)
        if task is None:
            raise NotFound("There is no such task.")
        told = _history(services, found_id, after)
        children = services.db.run(family.children, found_id)
        why = explain(services.db, services.agents, services.flags, found_id)
        return json_response(200, {**dossier_view(task, told, children), "why": why})

    @router.post("/ops/tasks/<task_id>/cancel")
    @operation(
        "Cancel anybody's task that is not over",
        {202: "orchestrator.edge.operator_answers:OpsTask"},
        parameters=(TASK_ID,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def cancel(task_id: str) -> Response[Any]:
        found_id, actor = path_uuid(task_id), acting_operator(router)
        task = cancel_task(services.db, services.queue, services.events, None, found_id, actor=f"operator {actor}")
        services.db.run(dead_letters.audit, actor, "cancel", {"task": task_id})
        return json_response(202, operator_view(task))

    @router.post("/ops/tasks/<task_id>/retry")
    @operation(
        "Give one dead letter its attempts anew",
        {202: "orchestrator.edge.operator_answers:OpsTask"},
        parameters=(TASK_ID,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def retry(task_id: str) -> Response[Any]:
        found_id = path_uuid(task_id)
        which = Selection(ids=[found_id])
        revived = letters.redrive(services.db, services.queue, services.events, which, acting_operator(router))
        task = services.db.run(tasks.get, None, found_id)
        if task is None:
            raise NotFound("There is no such task.")
        if not revived:
            raise Conflict(f"Only a dead letter can be retried; this task is {task.status.value}.")
        return json_response(202, operator_view(task))


def _history(services: Services, task_id: UUID, after: int | None) -> dict[str, Any]:
    """The newest events, or those after a seq."""
    if after is None:
        found = services.db.run(events.newest, task_id, MOST_EVENTS + 1)
    else:
        found = services.db.run(events.history, None, task_id, after, MOST_EVENTS + 1)
    return history_view(found, MOST_EVENTS, newest=after is None)
