"""Operators run a task again: the same payload or an edited one, as a new task of the same owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.http.app import Services, current_operator, current_trace
from orchestrator.http.errors import json_response
from orchestrator.http.operation import TASK_ID, operation
from orchestrator.http.request import path_uuid, read
from orchestrator.http.routes.recorded import on_record
from orchestrator.http.schemas.names import operator_responses, requests
from orchestrator.http.serializers import operator_view
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.states import Status
from orchestrator.model.task import Json, Task
from orchestrator.store import tasks
from orchestrator.store.owners import ANY_OWNER

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse


def run_again_routes(services: Services) -> Router:
    router = Router()

    @router.post("/ops/tasks/<task_id>/run-again")
    @operation(
        "Run a task that is over again, as a new task of the same owner; the payload can be edited",
        {202: operator_responses.OpsTask},
        parameters=(TASK_ID,),
        body=requests.RunAgain,
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def run_again(task_id: str) -> JsonResponse:
        from orchestrator.http.schemas.requests import RunAgain

        body, actor = read(RunAgain, router.current_event), current_operator(router)
        task = _over(services, task_id)
        detail: dict[str, Json] = {"task": str(task.id), "type": task.type, "reason": body.reason}
        order = TaskRequest(
            owner=task.owner_id,
            type=task.type,
            payload=_current(services, task) if body.payload is None else body.payload,
            traceparent=current_trace(router),
            by_user=False,
        )
        with on_record(services, actor, "run-again", detail) as outcome:
            new = submit(services.db, services.queue, services.agents, order).task
            outcome |= {"newTask": str(new.id), "edited": body.payload is not None}
        return json_response(202, operator_view(new))

    return router


def _over(services: Services, task_id: str) -> Task:
    """Return a task that is over. Raise NotFound, or Conflict while it still runs."""
    task = services.db.run(tasks.get_task, ANY_OWNER, path_uuid(task_id))
    if task is None:
        raise NotFound("There is no such task.")
    if task.status in (Status.PENDING, Status.PROCESSING):
        raise Conflict(f"Only a task that is over can be run again; this one is {task.status.value}.")
    return task


def _current(services: Services, task: Task) -> Mapping[str, Json]:
    """Return the task's payload in the form of the newest version of its type."""
    payload: dict[str, Json] = (
        services.agents.get(task.type).parse(task.payload, task.payload_version).model_dump(mode="json", by_alias=True)
    )
    return payload
