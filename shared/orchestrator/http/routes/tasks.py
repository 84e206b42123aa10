"""Tasks of the caller: submit, read, list, follow, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.cancel import cancel_own
from orchestrator.engine.submit import TaskRequest, submit, submit_batch
from orchestrator.engine.waiting.reasons import wait_reason
from orchestrator.engine.waiting.signals import Answerer, answer
from orchestrator.http.answer_tokens import answer_token
from orchestrator.http.app import Services, current_operator, current_owner, current_trace, has_identity, identity
from orchestrator.http.errors import json_response
from orchestrator.http.operation import TASK_ID, Parameter, operation
from orchestrator.http.rate_limits import check_tasks
from orchestrator.http.request import Query, idempotency_key, json_body, path_uuid, read
from orchestrator.http.schemas.names import requests, responses
from orchestrator.http.serializers import (
    batch_item,
    event_view,
    fitting,
    next_cursor,
    page_view,
    receipt,
    task_view,
)
from orchestrator.http.submitted import batch_key, body_or_error, submitted_body, submitted_tasks, unique_key
from orchestrator.http.views.waiting import ask_view, is_asking
from orchestrator.model.errors import InvalidInput, NotFound
from orchestrator.model.idempotency import KEY_PATTERN, LONGEST_KEY
from orchestrator.model.states import Status
from orchestrator.store import budgets, events, row_security, tasks, waits

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse
    from orchestrator.http.schemas.requests import SubmitTask

#: Items of a page, unless asked otherwise.
PAGE = 20
LARGEST_PAGE = 100
#: Open questions of one answer, oldest first.
MOST_ASKS = 100
#: Events of one answer; a longer history goes on after the last seq.
MOST_EVENTS = 500

STATUSES = tuple(Status)
LIMIT = Parameter("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE})
CURSOR = Parameter("cursor", {"type": "string", "format": "uuid"}, description="nextCursor of a page")
STATUS = Parameter("status", {"type": "string", "enum": list(STATUSES)})
TYPE = Parameter("type", {"type": "string", "minLength": 1, "maxLength": 100})
AFTER = Parameter(
    "after", {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, description="seq of the last event seen"
)
NAME = Parameter("name", {"type": "string", "minLength": 1, "maxLength": 100}, "path")
KEY = Parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": KEY_PATTERN},
    "header",
    "The same key with the same body answers with the same task",
)


def _order(router: Router, body: SubmitTask, key: str | None) -> TaskRequest:
    return TaskRequest(
        owner=current_owner(router),
        type=body.type,
        payload=body.payload,
        max_attempts=body.maxAttempts,
        schedule_at=body.scheduleAt,
        deadline=body.deadline,
        unique=unique_key(body),
        idempotency_key=key,
        traceparent=current_trace(router),
    )


def task_routes(services: Services) -> Router:
    router = Router()

    @router.post("/api/tasks")
    @operation(
        "Submit a task",
        {202: responses.TaskReceipt},
        body=requests.SubmitTask,
        parameters=(KEY,),
        refusals=(409, 422),
    )
    def submit_one() -> JsonResponse:
        body = submitted_body(services, json_body(router.current_event))
        order = _order(router, body, idempotency_key(router.current_event))
        submitted = submit(services.db, services.queue, services.agents, order)
        return json_response(202, receipt(submitted.task))

    @router.post("/api/tasks/batch")
    @operation(
        "Submit up to 100 tasks",
        {202: responses.BatchReceipt},
        body=requests.SubmitBatch,
        parameters=(KEY,),
    )
    def submit_many() -> JsonResponse:
        given = submitted_tasks(json_body(router.current_event))
        check_tasks(services.db, services.tokens, current_owner(router), len(given))
        key = idempotency_key(router.current_event)
        bodies = [body_or_error(services, each) for each in given]
        orders = [
            _order(router, body, batch_key(key, at) if key else None)
            for at, body in enumerate(bodies)
            if not isinstance(body, InvalidInput)
        ]
        answers = iter(submit_batch(services.db, services.queue, services.agents, orders))
        items = [batch_item(body if isinstance(body, InvalidInput) else next(answers)) for body in bodies]
        return json_response(202, {"items": items})

    @router.get("/api/tasks")
    @operation(
        "The caller's tasks, newest first",
        {200: responses.TaskPage},
        parameters=(STATUS, TYPE, LIMIT, CURSOR),
    )
    def list_own() -> JsonResponse:
        query = Query(router.current_event)
        status, task_type = query.choice("status", STATUSES), query.text("type", longest=100)
        limit, before = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE, query.uuid("cursor")
        query.check()
        found = services.db.run(
            tasks.list_tasks,
            current_owner(router),
            status=Status(status) if status else None,
            type=task_type,
            before=before,
            limit=limit + 1,
        )
        items = fitting(page_view(task) for task in found[:limit])
        return json_response(200, {"items": items, "nextCursor": next_cursor(found, len(items))})

    @router.get("/api/tasks/<task_id>")
    @operation(
        "One task",
        {200: responses.TaskView},
        parameters=(TASK_ID,),
        answers_the_erased=True,
    )
    def get_one(task_id: str) -> JsonResponse:
        owner = current_owner(router)
        task = services.db.run(tasks.get_task, owner, path_uuid(task_id))
        if task is None:
            raise NotFound("There is no such task.")
        asks = services.db.run(waits.open_asks, task.id) if is_asking(task) else ()
        reason = None
        if task.status in (Status.PENDING, Status.PROCESSING):
            reason = wait_reason(services.db, services.agents, services.flags, owner, task.id)
        cost = services.db.run(budgets.task_cost, task.id)
        return json_response(200, task_view(task, asks, reason, cost))

    @router.get("/api/tasks/<task_id>/events")
    @operation(
        "The events of a task, in order",
        {200: responses.TaskEvents},
        parameters=(TASK_ID, AFTER),
    )
    def list_events(task_id: str) -> JsonResponse:
        query = Query(router.current_event)
        after = query.integer("after", low=0, high=2**31 - 1) or 0
        query.check()
        owner, found_id = current_owner(router), path_uuid(task_id)
        found = services.db.run(events.task_events, owner, found_id, after, MOST_EVENTS)
        if not found and services.db.run(tasks.get_task, owner, found_id) is None:
            raise NotFound("There is no such task.")
        return json_response(200, {"items": fitting(event_view(event) for event in found)})

    @router.post("/api/tasks/<task_id>/cancel")
    @operation(
        "Cancel a task that is not over",
        {202: responses.TaskView},
        parameters=(TASK_ID,),
        refusals=(409,),
    )
    def cancel(task_id: str) -> JsonResponse:
        owner, found_id = current_owner(router), path_uuid(task_id)
        task = cancel_own(services.db, services.queue, services.events, services.agents, owner, found_id)
        return json_response(202, task_view(task))

    return router


def signal_routes(services: Services) -> Router:
    router = Router()

    @router.post("/api/tasks/<task_id>/signals/<name>")
    @operation(
        "Send a task a signal; the first of a name counts",
        {202: responses.SignalReceipt},
        body=requests.SendSignal,
        parameters=(TASK_ID, NAME),
        refusals=(409,),
        access="answer",
    )
    def send(task_id: str, name: str) -> JsonResponse:
        from orchestrator.http.schemas.requests import SendSignal

        body, found_id = read(SendSignal, router.current_event), path_uuid(task_id)
        sender = _sender(router)
        answer(services.db, services.queue, services.events, sender, found_id, name, body.value)
        return json_response(202, {"taskId": str(found_id), "name": name})

    @router.get("/api/tasks/asks")
    @operation("The open questions to the caller, of other owners' tasks too", {200: responses.Asks})
    def list_asks() -> JsonResponse:
        caller = identity(router)
        asks = services.db.run(waits.asks_of, caller.owner, MOST_ASKS)
        if caller.role == "operator":
            with services.db.row_context(row_security.operator(caller.owner, caller)):
                asks += services.db.run(waits.asks_of_operators, MOST_ASKS)
        items = fitting({**ask_view(ask), "taskId": str(ask.task_id)} for ask in asks)
        return json_response(200, {"items": items})

    return router


def _sender(router: Router) -> Answerer:
    token = answer_token(router.current_event)
    if not has_identity(router):
        return Answerer(token=token)
    caller = identity(router)
    operator = current_operator(router) if caller.role == "operator" else None
    return Answerer(owner=caller.owner, operator=operator, token=token)
