"""Recurring tasks of the caller: list, create, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine import schedules as engine
from orchestrator.engine.recurrence import Recurrence
from orchestrator.engine.schedules import ScheduleRequest
from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import path_uuid, read
from orchestrator.http.schemas.names import schedules
from orchestrator.http.serializers import fitting
from orchestrator.model.errors import NotFound
from orchestrator.model.task import iso
from orchestrator.store import schedules as store
from orchestrator.store.schedules import Schedule

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse
    from orchestrator.http.schemas.schedules import ChangeSchedule

SCHEDULE_ID = Parameter("schedule_id", {"type": "string", "format": "uuid"}, "path")


def schedule_routes(services: Services) -> Router:
    router = Router()

    @router.get("/api/schedules")
    @operation("The caller's recurring tasks", {200: schedules.Schedules})
    def list_own() -> JsonResponse:
        found = services.db.run(store.list_schedules, current_owner(router))
        return json_response(200, {"items": fitting(schedule_view(schedule) for schedule in found)})

    @router.post("/api/schedules")
    @operation("Create a recurring task", {201: schedules.ScheduleView}, body=schedules.CreateSchedule, refusals=(409,))
    def create() -> JsonResponse:
        from orchestrator.http.schemas.schedules import CreateSchedule

        body = read(CreateSchedule, router.current_event)
        request = ScheduleRequest(
            owner=current_owner(router),
            type=body.type,
            payload=body.payload,
            recurrence=Recurrence(body.cron, body.every, body.timeZone),
            overlap=body.overlap,
            paused=body.paused,
        )
        return json_response(201, schedule_view(engine.create(services.db, services.agents, request)))

    @router.patch("/api/schedules/<schedule_id>")
    @operation(
        "Change, pause or resume a recurring task",
        {200: schedules.ScheduleView},
        body=schedules.ChangeSchedule,
        parameters=(SCHEDULE_ID,),
    )
    def change(schedule_id: str) -> JsonResponse:
        from orchestrator.http.schemas.schedules import ChangeSchedule

        body, owner = read(ChangeSchedule, router.current_event), current_owner(router)
        changed = engine.change(
            services.db,
            services.agents,
            owner,
            path_uuid(schedule_id, "schedule"),
            lambda before: _merged(owner, before, body),
        )
        return json_response(200, schedule_view(changed))

    @router.delete("/api/schedules/<schedule_id>")
    @operation("Delete a recurring task", {204: None}, parameters=(SCHEDULE_ID,))
    def delete(schedule_id: str) -> JsonResponse:
        if not services.db.run(store.delete_schedule, current_owner(router), path_uuid(schedule_id, "schedule")):
            raise NotFound("There is no such schedule.")
        return Response(status_code=204)

    return router


def _merged(owner: str, before: Schedule, body: ChangeSchedule) -> ScheduleRequest:
    rhythm = (body.cron, body.every) if body.cron or body.every else (before.cron, before.every)
    return ScheduleRequest(
        owner=owner,
        type=before.type,
        payload=before.payload if body.payload is None else body.payload,
        recurrence=Recurrence(*rhythm, body.timeZone or before.time_zone),
        overlap=body.overlap or before.overlap,
        paused=before.paused if body.paused is None else body.paused,
    )


def schedule_view(schedule: Schedule) -> schedules.ScheduleView:
    """Return a schedule as its owner reads it."""
    return {
        "id": str(schedule.id),
        "type": schedule.type,
        "payload": schedule.payload,
        "cron": schedule.cron,
        "every": schedule.every,
        "timeZone": schedule.time_zone,
        "overlap": schedule.overlap,
        "paused": schedule.paused,
        "nextAt": iso(schedule.next_at),
        "lastTaskId": str(schedule.last_task_id) if schedule.last_task_id else None,
        "createdAt": iso(schedule.created_at),
        "updatedAt": iso(schedule.updated_at),
    }
