"""Routes of operators: search all tasks, explain why one does not run, and retry or cancel it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.cancel import cancel as cancel_task
from orchestrator.engine.operators import redrive as redrives
from orchestrator.engine.operators.explain import explain
from orchestrator.engine.operators.redrive import Selection
from orchestrator.engine.operators.statistics import LIVE
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import TASK_ID, Parameter, operation
from orchestrator.http.request import Query, cursor_of, path_uuid
from orchestrator.http.routes.dead_letters import FINGERPRINT
from orchestrator.http.routes.operators.notes import note_view
from orchestrator.http.routes.tasks import AFTER, LARGEST_PAGE, LIMIT, PAGE, STATUS, STATUSES, TYPE
from orchestrator.http.schemas.names import operator_responses
from orchestrator.http.serializers import fitting, history_view, operator_page_view, operator_view, task_detail_view
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.states import Status
from orchestrator.store import children, events, notes, operator_search, tasks
from orchestrator.store.owners import ANY_OWNER

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse
    from orchestrator.http.schemas.operator_responses import EventHistory

#: Events of the task detail.
MOST_EVENTS = 1_000

#: Children of the task detail.
MOST_CHILDREN = 1_000

#: In the order of their submit, or of their end.
ORDERS = ("submitted", "ended")
TRACE_ID = re.compile(r"[0-9a-fA-F]{32}")
ID_END = re.compile(r"[0-9a-fA-F]{4,12}")

OWNER = Parameter("owner", {"type": "string", "minLength": 1, "maxLength": 128})
STATE = Parameter(
    "state",
    {"type": "string", "enum": list(LIVE)},
    description="Only unfinished tasks that wait for this reason; all of them",
)
TRACE = Parameter("trace", {"type": "string", "pattern": "^[0-9a-fA-F]{32}$"}, description="The reference of a refusal")
ID_ENDS = Parameter(
    "idEnds",
    {"type": "string", "pattern": "^[0-9a-fA-F]{4,12}$"},
    description="The last digits of the id, as lists show it",
)
ERROR = Parameter(
    "error",
    {"type": "string", "minLength": 1, "maxLength": 200},
    description="A part of the error's text, in any case",
)
ORDER = Parameter("order", {"type": "string", "enum": list(ORDERS), "default": "submitted"})
MOMENT = "or how long ago it is: 90s, 15m, 1h, 7d; of the submit, or of the end in the order of that"
SINCE = Parameter("since", {"type": "string", "maxLength": 40}, description=f"A moment, {MOMENT}")
UNTIL = Parameter("until", {"type": "string", "maxLength": 40}, description=f"A moment, {MOMENT}")
PAGE_CURSOR = Parameter(
    "cursor", {"type": "string", "maxLength": 80}, description="nextCursor of a page of the same order"
)


def operator_task_routes(services: Services) -> Router:
    router = Router()
    _register_search(router, services)
    _register_tasks(router, services)
    return router


def _register_search(router: Router, services: Services) -> None:
    @router.get("/ops/tasks")
    @operation(
        "Everybody's tasks, newest first, or in the order in which they ended",
        {200: operator_responses.OpsTaskPage},
        parameters=(
            OWNER,
            STATUS,
            STATE,
            TYPE,
            TRACE,
            FINGERPRINT,
            ID_ENDS,
            ERROR,
            SINCE,
            UNTIL,
            ORDER,
            LIMIT,
            PAGE_CURSOR,
        ),
        access="operator",
        tag="ops",
    )
    def search() -> JsonResponse:
        query = Query(router.current_event)
        state, order = query.choice("state", LIVE), query.choice("order", ORDERS)
        limit = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE
        wanted = _wanted(query)
        if order == "ended":
            return _page(_search_ended(services, query, wanted, state, limit))
        before = query.uuid("cursor")
        query.check()
        if state:
            return _page(services.db.run(operator_search.search_live, wanted, state, before=before, limit=limit))
        return _page(services.db.run(operator_search.search_tasks, wanted, before=before, limit=limit))


def _register_tasks(router: Router, services: Services) -> None:
    @router.get("/ops/tasks/<task_id>")
    @operation(
        "One task with its history, its children, its notes and why it is where it is",
        {200: operator_responses.TaskDetail},
        parameters=(TASK_ID, AFTER),
        access="operator",
        tag="ops",
    )
    def task_detail(task_id: str) -> JsonResponse:
        found_id, query = path_uuid(task_id), Query(router.current_event)
        after = query.integer("after", low=0, high=2**31 - 1)
        query.check()
        task = services.db.run(tasks.get_task, ANY_OWNER, found_id)
        if task is None:
            raise NotFound("There is no such task.")
        history = _history(services, found_id, after)
        found_children = services.db.run(children.list_children, found_id, MOST_CHILDREN)
        found_notes = [note_view(note) for note in services.db.run(notes.list_notes, found_id)]
        why = explain(services.db, services.agents, services.flags, found_id)
        return json_response(200, task_detail_view(task, history, found_children, found_notes, why))

    @router.post("/ops/tasks/<task_id>/cancel")
    @operation(
        "Cancel anybody's task that is not over",
        {202: operator_responses.OpsTask},
        parameters=(TASK_ID,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def cancel(task_id: str) -> JsonResponse:
        found_id, actor = path_uuid(task_id), current_operator(router)
        task = cancel_task(services.db, services.queue, services.events, ANY_OWNER, found_id, actor=actor)
        return json_response(202, operator_view(task))

    @router.post("/ops/tasks/<task_id>/retry")
    @operation(
        "Give one dead letter its attempts anew",
        {202: operator_responses.OpsTask},
        parameters=(TASK_ID,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def retry(task_id: str) -> JsonResponse:
        found_id = path_uuid(task_id)
        which = Selection(ids=[found_id])
        redriven = redrives.redrive(services.db, services.queue, services.events, which, current_operator(router))
        task = services.db.run(tasks.get_task, ANY_OWNER, found_id)
        if task is None:
            raise NotFound("There is no such task.")
        if not redriven:
            raise Conflict(f"Only a dead letter can be retried; this task is {task.status.value}.")
        return json_response(202, operator_view(task))


def _history(services: Services, task_id: UUID, after: int | None) -> EventHistory:
    """Return the newest events, or those after a seq."""
    if after is None:
        found = services.db.run(events.newest_events, task_id, MOST_EVENTS + 1)
    else:
        found = services.db.run(events.task_events, ANY_OWNER, task_id, after, MOST_EVENTS + 1)
    return history_view(found, MOST_EVENTS, newest=after is None)


def _wanted(query: Query) -> operator_search.Wanted:
    status = query.choice("status", STATUSES)
    id_ends = query.matching("idEnds", ID_END, "4 to 12 hexadecimal digits")
    trace = query.matching("trace", TRACE_ID, "32 hexadecimal digits")
    return operator_search.Wanted(
        owner=query.text("owner", longest=128) or ANY_OWNER,
        status=Status(status) if status else None,
        type=query.text("type", longest=100),
        trace=trace.lower() if trace else None,
        fingerprint=query.text("fingerprint"),
        id_ends=id_ends.lower() if id_ends else None,
        error_text=query.text("error"),
        since=query.moment("since"),
        until=query.moment("until"),
    )


def _search_ended(
    services: Services, query: Query, wanted: operator_search.Wanted, state: str | None, limit: int
) -> operator_search.Found[operator_search.Ended]:
    cursor = query.cursor("cursor")
    if state:
        query.fault("state", "must not be given in the order of the end: these tasks are not over")
    query.check()
    return services.db.run(
        operator_search.search_ended, wanted, before=operator_search.Ended(*cursor) if cursor else None, limit=limit
    )


def _page(found: operator_search.Found[UUID] | operator_search.Found[operator_search.Ended]) -> JsonResponse:
    items = fitting(operator_page_view(task) for task in found.tasks)
    return json_response(200, {"items": items, "nextCursor": _cursor(found.next_after(len(items)))})


def _cursor(position: UUID | operator_search.Ended | None) -> str | None:
    if isinstance(position, operator_search.Ended):
        return cursor_of(position.finished_at, position.id)
    return str(position) if position else None
