"""Operators: cancel many tasks at once, after a preview."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.operators import bulk_cancel
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.request import read
from orchestrator.http.schemas.names import operator_responses, requests
from orchestrator.http.serializers import would_end_view
from orchestrator.model.states import Status
from orchestrator.store.bulk_cancel import Chosen
from orchestrator.store.owners import ANY_OWNER

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse
    from orchestrator.http.schemas.requests import CancelTasks

#: Ids begin with a millisecond: one that was made within this one is below the next.
NEXT_ID = timedelta(milliseconds=1)


def bulk_cancel_routes(services: Services) -> Router:
    router = Router()

    @router.post("/ops/tasks/cancel")
    @operation(
        "Cancel tasks of everybody's that are not over, the oldest 1,000 that fit; or list the tasks that would end",
        {200: operator_responses.Cancelled},
        body=requests.CancelTasks,
        access="operator",
        tag="ops",
    )
    def cancel_many() -> JsonResponse:
        from orchestrator.http.schemas.requests import CancelTasks

        body, actor = read(CancelTasks, router.current_event), current_operator(router)
        chosen = _chosen(body)
        if body.preview:
            return _preview(services, chosen)
        done, more = bulk_cancel.cancel_page(services.db, services.queue, services.events, chosen, actor, body.reason)
        return json_response(200, {"cancelled": done, "more": more, "wouldEnd": None})

    return router


def _preview(services: Services, chosen: Chosen) -> JsonResponse:
    """Return the preview of this moment; a cancel until then includes no later task."""
    if chosen.ids is None and chosen.until is None:
        chosen = replace(chosen, until=datetime.now(UTC) + NEXT_ID)
    shown = would_end_view(bulk_cancel.preview(services.db, chosen), chosen.since, chosen.until)
    return json_response(200, {"cancelled": 0, "more": shown["total"] > 0, "wouldEnd": shown})


def _chosen(body: CancelTasks) -> Chosen:
    return Chosen(
        ids=body.ids or None,
        owner=body.owner or ANY_OWNER,
        status=Status(body.status) if body.status else None,
        state=body.state,
        type=body.type or None,
        trace=body.trace.lower() or None,
        fingerprint=body.fingerprint or None,
        since=body.since,
        until=body.until,
    )
