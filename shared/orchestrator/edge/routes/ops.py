"""Operators: what is going on, why a task does not run, and what to do with dead letters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.edge.errors import json_response
from orchestrator.edge.http import Services, current_owner
from orchestrator.edge.operations import TASK_ID, Parameter, operation
from orchestrator.edge.requests import Query, path_uuid, read
from orchestrator.edge.routes.tasks import CURSOR, LARGEST_PAGE, LIMIT, PAGE, STATUS, STATUSES, TYPE
from orchestrator.edge.stats import WINDOW, queue_depth, stats_view
from orchestrator.edge.views import dead_letter_view, dossier_view, operator_view
from orchestrator.engine import redrive as letters
from orchestrator.engine.cancel import cancel as cancel_task
from orchestrator.engine.explain import explain
from orchestrator.engine.redrive import MOST_AT_ONCE, Selection
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.task import Status
from orchestrator.store import events, family, ops, tasks

#: Events and children of a dossier.
MOST_EVENTS = 1_000

OWNER = Parameter("owner", {"type": "string", "minLength": 1, "maxLength": 128})
FINGERPRINT = Parameter(
    "fingerprint",
    {"type": "string", "minLength": 1, "maxLength": 200},
    description="Only failures that look alike",
)


def ops_routes(services: Services) -> Router:
    router = Router()
    _register_tasks(router, services)
    _register_dead_letters(router, services)
    return router


def _register_tasks(router: Router, services: Services) -> None:
    @router.get("/ops/stats")
    @operation("The system at a glance", {200: "orchestrator.edge.answers:Stats"}, access="operator", tag="ops")
    def stats() -> Response[Any]:
        live = services.db.run(ops.live_counts)
        finished = services.db.run(ops.finished_counts, WINDOW)
        depths = {"queue": queue_depth(services.queue), "deadLetterQueue": queue_depth(services.dead_letters)}
        return json_response(200, {**depths, **stats_view(live, finished)})

    @router.get("/ops/tasks")
    @operation(
        "Everybody's tasks, newest first",
        {200: "orchestrator.edge.answers:OpsTaskPage"},
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
        {200: "orchestrator.edge.answers:Dossier"},
        parameters=(TASK_ID,),
        access="operator",
        tag="ops",
    )
    def dossier(task_id: str) -> Response[Any]:
        found_id = path_uuid(task_id)
        task = services.db.run(tasks.get, None, found_id)
        if task is None:
            raise NotFound("There is no such task.")
        history = services.db.run(events.history, None, found_id, 0, MOST_EVENTS)
        children = services.db.run(family.children, found_id)
        why = explain(services.db, services.agents, services.flags, found_id)
        return json_response(200, {**dossier_view(task, history, children), "why": why})

    @router.post("/ops/tasks/<task_id>/cancel")
    @operation(
        "Cancel anybody's task that is not over",
        {202: "orchestrator.edge.answers:OpsTask"},
        parameters=(TASK_ID,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def cancel(task_id: str) -> Response[Any]:
        actor = f"operator {current_owner(router)}"
        task = cancel_task(services.db, services.events, None, path_uuid(task_id), actor=actor)
        return json_response(202, operator_view(task))

    @router.post("/ops/tasks/<task_id>/retry")
    @operation(
        "Give one dead letter its attempts anew",
        {202: "orchestrator.edge.answers:OpsTask"},
        parameters=(TASK_ID,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def retry(task_id: str) -> Response[Any]:
        found_id = path_uuid(task_id)
        which = Selection(ids=[found_id])
        revived = letters.redrive(services.db, services.queue, which, current_owner(router))
        task = services.db.run(tasks.get, None, found_id)
        if task is None:
            raise NotFound("There is no such task.")
        if not revived:
            raise Conflict(f"Only a dead letter can be retried; this task is {task.status.value}.")
        return json_response(202, operator_view(task))


def _register_dead_letters(router: Router, services: Services) -> None:
    @router.get("/ops/dead-letters")
    @operation(
        "Tasks whose attempts are used up, oldest first",
        {200: "orchestrator.edge.answers:DeadLetters"},
        parameters=(TYPE, FINGERPRINT, LIMIT),
        access="operator",
        tag="ops",
    )
    def list_dead_letters() -> Response[Any]:
        query = Query(router.current_event)
        task_type, fingerprint = query.text("type", longest=100), query.text("fingerprint")
        limit = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE
        query.check()
        which = Selection(type=task_type, fingerprint=fingerprint, limit=limit)
        found = letters.select(services.db, which)
        return json_response(200, {"items": [dead_letter_view(row) for row in found]})

    @router.post("/ops/dead-letters/redrive")
    @operation(
        "Give dead letters their attempts anew",
        {200: "orchestrator.edge.answers:Moved"},
        body="orchestrator.edge.bodies:Redrive",
        access="operator",
        tag="ops",
    )
    def redrive() -> Response[Any]:
        from orchestrator.edge.bodies import Redrive

        body = read(Redrive, router.current_event)
        which = Selection(ids=body.ids or None, type=body.type or None)
        if body.dryRun:
            moved = [row["id"] for row in letters.select(services.db, which)]
        else:
            moved = letters.redrive(services.db, services.queue, which, current_owner(router))
        return json_response(200, _moved(moved, dry_run=body.dryRun))

    @router.post("/ops/dead-letters/discard")
    @operation(
        "Give dead letters up for good",
        {200: "orchestrator.edge.answers:Moved"},
        body="orchestrator.edge.bodies:Discard",
        access="operator",
        tag="ops",
    )
    def discard() -> Response[Any]:
        from orchestrator.edge.bodies import Discard

        body = read(Discard, router.current_event)
        which = Selection(ids=body.ids or None, type=body.type or None)
        moved = letters.discard(services.db, which, current_owner(router), body.reason)
        return json_response(200, _moved(moved, dry_run=False))


def _moved(ids: list[UUID], *, dry_run: bool) -> dict[str, Any]:
    """`more`: the bound of one request was reached, and another would find others."""
    return {"ids": [str(each) for each in ids], "dryRun": dry_run, "more": len(ids) >= MOST_AT_ONCE}
