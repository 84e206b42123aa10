"""The family's plan: read it, make it again, say how far the family travels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner, submit_task
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.request import read
from orchestrator.model.errors import Conflict, NotFound
from playmate.routes.renewal import renew_after_change
from playmate.schemas.names import plan_shapes, shapes
from playmate.store import plans
from playmate.store.accounts import GuardianId, guardian_id
from playmate.store.plans import StoredPlan

PATH = "/api/plan"
FLAG = "availability_agent"


def plan_routes(services: Services) -> Router:
    router = Router()

    @router.get(PATH)
    @operation("The family's plan and its state", {200: plan_shapes.Plan}, tag="plan")
    def get() -> Response[Any]:
        return json_response(200, _shown(services, guardian_id(current_owner(router))))

    @router.post(PATH)
    @operation("Plan again", {202: shapes.TaskAccepted}, refusals=(409,), tag="plan")
    def make() -> Response[Any]:
        if services.db.run(plans.planning, guardian_id(current_owner(router))):
            raise Conflict("Your plan is being made at this moment.")
        return submit_task(services, router, "plan.make", {})

    @router.patch(PATH)
    @operation(
        "Change how far the family travels, and the time zone of its device",
        {200: plan_shapes.Plan},
        body=plan_shapes.PlanSettings,
        refusals=(404,),
        tag="plan",
    )
    def change() -> Response[Any]:
        from playmate.schemas.plan_shapes import PlanSettings

        body = read(PlanSettings, router.current_event)
        me = guardian_id(current_owner(router))
        with services.db.transaction() as conn:
            if not plans.put_settings(conn, me, body.reachKm, body.timeZone):
                raise NotFound("This account no longer exists.")
            if body.reachKm is not None:
                renew_after_change(services, router, conn)
        return json_response(200, _shown(services, me))

    return router


def _shown(services: Services, me: GuardianId) -> dict[str, Any]:
    """Return the plan with its state. Suggestions of the past are left out; the plan is then stale."""
    plan = services.db.run(plans.get_plan, me)
    task = services.db.run(plans.planning, me)
    ahead = [each for each in plan.suggestions if not _is_past(each, plan.now)]
    return {
        "state": _state(services, me, plan, len(ahead), planning=task is not None),
        "message": plan.message,
        "suggestions": ahead,
        "tooFar": plan.too_far,
        "reachKm": plan.reach_km,
        "plannedAt": plan.planned_at.isoformat() if plan.planned_at else None,
        "taskId": str(task) if task else None,
    }


def _state(services: Services, me: GuardianId, plan: StoredPlan, ahead: int, *, planning: bool) -> str:
    if planning:
        return "planning"
    if not services.flags.enabled(FLAG, str(me)):
        return "off"
    if plan.planned_at is None:
        return "none"
    changed = plan.changed_at is not None or ahead < len(plan.suggestions)
    return "stale" if changed else "ready"


def _is_past(suggestion: dict[str, Any], now: datetime) -> bool:
    starts = suggestion.get("startsAt")
    return starts is not None and datetime.fromisoformat(starts) <= now
