"""The run that a task belongs to, as a tree on one axis of time: for its owner, and for operators."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.runs.tree import read_run
from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import TASK_ID, operation
from orchestrator.http.request import path_uuid
from orchestrator.http.schemas.names import runs
from orchestrator.model.task import iso
from orchestrator.store.owners import ANY_OWNER

if TYPE_CHECKING:
    from uuid import UUID

    from orchestrator.engine.runs.spans import Span
    from orchestrator.engine.runs.tree import Node, Run
    from orchestrator.http.errors import JsonResponse


def run_routes(services: Services) -> Router:
    router = Router()

    @router.get("/api/tasks/<task_id>/tree")
    @operation("The run that a task belongs to, with where its time went", {200: runs.RunTree}, parameters=(TASK_ID,))
    def own_tree(task_id: str) -> JsonResponse:
        found_id = path_uuid(task_id)
        run = read_run(services.db, current_owner(router), found_id)
        nodes = [_node(node) for node in run.nodes]
        return json_response(200, {"nodes": nodes, **_run(run, found_id)})

    @router.get("/ops/tasks/<task_id>/tree")
    @operation(
        "The run that anybody's task belongs to, with owners and workers",
        {200: runs.OpsRunTree},
        parameters=(TASK_ID,),
        access="operator",
        tag="ops",
    )
    def any_tree(task_id: str) -> JsonResponse:
        found_id = path_uuid(task_id)
        run = read_run(services.db, ANY_OWNER, found_id)
        nodes = [_operator_node(node) for node in run.nodes]
        return json_response(200, {"nodes": nodes, **_run(run, found_id)})

    return router


def _run(run: Run, task_id: UUID) -> runs.RunSummary:
    totals = run.totals
    return {
        "taskId": str(task_id),
        "rootId": str(run.nodes[0].task.id),
        "at": iso(run.now),
        "truncated": run.truncated,
        "totals": {
            "queueMs": milliseconds(totals.queue),
            "stepMs": milliseconds(totals.step),
            "otherMs": milliseconds(totals.other),
            "waitMs": milliseconds(totals.wait),
        },
    }


def _task(node: Node) -> runs.RunTask:
    task = node.task
    return {
        "id": str(task.id),
        "parentId": str(task.parent_id) if task.parent_id else None,
        "type": task.type,
        "status": task.status.value,
        "attempts": task.attempts,
        "maxAttempts": task.max_attempts,
        "createdAt": iso(task.created_at),
        "finishedAt": iso(task.finished_at),
    }


def _node(node: Node) -> runs.RunNode:
    return {**_task(node), "spans": [_span(span) for span in node.spans]}


def _operator_node(node: Node) -> runs.OpsRunNode:
    spans: list[runs.OpsRunSpan] = [{**_span(span), "worker": span.worker} for span in node.spans]
    return {**_task(node), "owner": node.task.owner_id, "spans": spans}


def _span(span: Span) -> runs.RunSpan:
    return {
        "kind": span.kind,
        "name": span.name,
        "attempt": span.attempt,
        "start": iso(span.start),
        "end": iso(span.end),
        "outcome": span.outcome,
        "unexplainedMs": milliseconds(span.unexplained) if span.unexplained else None,
    }


def milliseconds(length: timedelta) -> float:
    """Return a length in milliseconds, with its microseconds as decimals."""
    return length / timedelta(milliseconds=1)
