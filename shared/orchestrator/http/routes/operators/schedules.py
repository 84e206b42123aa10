"""Operators: everybody's recurring tasks, and those of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.operators import schedules as engine
from orchestrator.engine.recurrence import Recurrence
from orchestrator.engine.schedules import ScheduleRequest
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import Query, path_uuid, read
from orchestrator.http.routes.operator_tasks import OWNER
from orchestrator.http.routes.schedules import SCHEDULE_ID, schedule_view
from orchestrator.http.routes.tasks import LARGEST_PAGE, LIMIT, PAGE
from orchestrator.http.schemas.names import schedules
from orchestrator.http.serializers import fitting
from orchestrator.model.errors import NotFound
from orchestrator.store import schedules as store
from orchestrator.store.owners import ANY_OWNER
from orchestrator.store.schedules import Schedule

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse

CURSOR = Parameter("cursor", {"type": "string", "format": "uuid"}, description="nextCursor of a page")


def operator_schedule_routes(services: Services) -> Router:
    router = Router()
    _register_reads(router, services)
    _register_changes(router, services)
    return router


def _register_reads(router: Router, services: Services) -> None:
    @router.get("/ops/schedules")
    @operation(
        "Everybody's recurring tasks, newest first",
        {200: schedules.OpsSchedules},
        parameters=(OWNER, LIMIT, CURSOR),
        access="operator",
        tag="ops",
    )
    def list_all() -> JsonResponse:
        query = Query(router.current_event)
        owner, before = query.text("owner", longest=128), query.uuid("cursor")
        limit = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE
        query.check()
        found = services.db.run(store.list_all_schedules, owner or ANY_OWNER, before=before, limit=limit + 1)
        items = fitting(operator_schedule_view(schedule) for schedule in found[:limit])
        following = items[-1]["id"] if len(found) > len(items) else None
        return json_response(200, {"items": items, "nextCursor": following})

    @router.get("/ops/schedules/<schedule_id>")
    @operation(
        "One recurring task, and why it does not run now",
        {200: schedules.OpsScheduleDetail},
        parameters=(SCHEDULE_ID,),
        access="operator",
        tag="ops",
    )
    def get_one(schedule_id: str) -> JsonResponse:
        found = services.db.run(store.explain_schedule, path_uuid(schedule_id, "schedule"))
        if found is None:
            raise NotFound("There is no such schedule.")
        return json_response(200, {**operator_schedule_view(found), "why": engine.explain(found)})


def _register_changes(router: Router, services: Services) -> None:
    @router.post("/ops/schedules")
    @operation(
        "Create a recurring task of any type, for an owner or the system",
        {201: schedules.OpsScheduleView},
        body=schedules.CreateOpsSchedule,
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def create() -> JsonResponse:
        from orchestrator.http.schemas.schedules import CreateOpsSchedule

        body = read(CreateOpsSchedule, router.current_event)
        request = ScheduleRequest(
            owner=body.owner,
            type=body.type,
            payload=body.payload,
            recurrence=Recurrence(body.cron, body.every, body.timeZone),
            overlap=body.overlap,
            paused=body.paused,
            by_user=False,
        )
        made = engine.create(services.db, services.agents, request, current_operator(router))
        return json_response(201, operator_schedule_view(made))

    @router.post("/ops/schedules/<schedule_id>/pause")
    @operation(
        "Pause anybody's recurring task",
        {200: schedules.OpsScheduleView},
        parameters=(SCHEDULE_ID,),
        access="operator",
        tag="ops",
    )
    def pause(schedule_id: str) -> JsonResponse:
        return set_paused(schedule_id, paused=True)

    @router.post("/ops/schedules/<schedule_id>/resume")
    @operation(
        "Resume anybody's recurring task; it makes up for no missed run",
        {200: schedules.OpsScheduleView},
        parameters=(SCHEDULE_ID,),
        access="operator",
        tag="ops",
    )
    def resume(schedule_id: str) -> JsonResponse:
        return set_paused(schedule_id, paused=False)

    def set_paused(schedule_id: str, paused: bool) -> JsonResponse:
        found_id = path_uuid(schedule_id, "schedule")
        changed = engine.set_paused(services.db, found_id, paused, current_operator(router))
        return json_response(200, operator_schedule_view(changed))

    @router.delete("/ops/schedules/<schedule_id>")
    @operation(
        "Delete anybody's recurring task; the tasks of its runs stay",
        {204: None},
        parameters=(SCHEDULE_ID,),
        access="operator",
        tag="ops",
    )
    def delete(schedule_id: str) -> JsonResponse:
        engine.delete(services.db, path_uuid(schedule_id, "schedule"), current_operator(router))
        return Response(status_code=204)


def operator_schedule_view(schedule: Schedule) -> schedules.OpsScheduleView:
    """Return a schedule as operators read it."""
    return {**schedule_view(schedule), "owner": schedule.owner_id, "declared": schedule.name is not None}
