"""Routes of operators: list, group, redrive and discard dead letters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.operators import redrive as redrives
from orchestrator.engine.operators import staged_redrive
from orchestrator.engine.operators.redrive import MOST_AT_ONCE, Selection
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import UUID_PATTERN, Query, cursor_of, read
from orchestrator.http.routes.tasks import LARGEST_PAGE, LIMIT, PAGE, TYPE
from orchestrator.http.schemas.names import operator_responses, requests
from orchestrator.http.serializers import audit_view, dead_letter_view, fitting, group_view, redrive_view
from orchestrator.store import audit as audit_trail
from orchestrator.store import dead_letters

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse
    from orchestrator.http.schemas import operator_responses as operators
    from orchestrator.http.schemas.requests import Choice, Redrive

FINGERPRINT = Parameter(
    "fingerprint",
    {"type": "string", "minLength": 1, "maxLength": 200},
    description="Only failures with this fingerprint; `-` for those without one",
)
VERSION = Parameter(
    "version",
    {"type": "string", "minLength": 1, "maxLength": 100},
    description="Only those whose last attempt ran this version of the code; `-` where it is unknown",
)
AFTER = Parameter(
    "cursor", {"type": "string", "pattern": f"^[0-9]{{1,16}}-{UUID_PATTERN}$"}, description="nextCursor of a page"
)
ACTOR = Parameter(
    "actor",
    {"type": "string", "minLength": 1, "maxLength": 300},
    description="By name, or as the trail has it: olga (9)",
)
ACTION = Parameter("action", {"type": "string", "minLength": 1, "maxLength": 100})
BEFORE = Parameter("cursor", {"type": "integer", "minimum": 1, "maximum": 2**53}, description="nextCursor of a page")


def dead_letter_routes(services: Services) -> Router:
    router = Router()
    _register_reads(router, services)
    _register_moves(router, services)
    return router


def _register_reads(router: Router, services: Services) -> None:
    @router.get("/ops/dead-letters")
    @operation(
        "Tasks whose attempts are used up, oldest first, and in groups of those that failed alike",
        {200: operator_responses.DeadLetters},
        parameters=(TYPE, FINGERPRINT, VERSION, LIMIT, AFTER),
        access="operator",
        tag="ops",
    )
    def list_dead_letters() -> JsonResponse:
        query = Query(router.current_event)
        task_type, fingerprint = query.text("type", longest=100), query.text("fingerprint")
        which = Selection(type=task_type, fingerprint=fingerprint, version=query.text("version", longest=100))
        limit = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE
        after = query.cursor("cursor")
        query.check()
        groups = services.db.run(dead_letters.group_dead_letters, **asdict(which))
        found = services.db.run(dead_letters.select_dead_letters, **asdict(which), after=after, limit=limit + 1)
        items = fitting(dead_letter_view(dead_letter) for dead_letter in found[:limit])
        last = found[len(items) - 1] if len(found) > len(items) else None
        answer = {
            "total": sum(group.tasks for group in groups),
            "groups": [group_view(group) for group in groups],
            "items": items,
            "nextCursor": cursor_of(last.dead_at, last.id) if last else None,
        }
        return json_response(200, answer)

    @router.get("/ops/audit")
    @operation(
        "Actions of operators, newest first",
        {200: operator_responses.Audit},
        parameters=(ACTOR, ACTION, LIMIT, BEFORE),
        access="operator",
        tag="ops",
    )
    def audit() -> JsonResponse:
        query = Query(router.current_event)
        actor, action = query.text("actor", longest=300), query.text("action", longest=100)
        limit = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE
        before = query.integer("cursor", low=1, high=2**53)
        query.check()
        found = services.db.run(audit_trail.list_actions, actor=actor, action=action, before=before, limit=limit + 1)
        items = fitting(audit_view(row) for row in found[:limit])
        cursor = items[-1]["id"] if len(found) > len(items) else None
        return json_response(200, {"items": items, "nextCursor": cursor})


def _register_moves(router: Router, services: Services) -> None:
    @router.post("/ops/dead-letters/redrive")
    @operation(
        "Give dead letters their attempts anew: at once, at a rate, or in stages that stop when the failure comes back",
        {200: operator_responses.Moved},
        body=requests.Redrive,
        access="operator",
        tag="ops",
    )
    def redrive() -> JsonResponse:
        from orchestrator.http.schemas.requests import Redrive

        body, actor = read(Redrive, router.current_event), current_operator(router)
        which = _selection(body)
        if body.dryRun:
            return _preview(services, which)
        if body.canary or body.rate:
            return _begin(services, which, body, actor)
        total = redrives.count(services.db, which)
        ids = redrives.redrive(services.db, services.queue, services.events, which, actor)
        return json_response(200, _moved(ids, total))

    @router.post("/ops/dead-letters/discard")
    @operation(
        "Give dead letters up for good",
        {200: operator_responses.Moved},
        body=requests.Discard,
        access="operator",
        tag="ops",
    )
    def discard() -> JsonResponse:
        from orchestrator.http.schemas.requests import Discard

        body = read(Discard, router.current_event)
        which = _selection(body)
        if body.dryRun:
            return _preview(services, which)
        total = redrives.count(services.db, which)
        ids = redrives.discard(services.db, services.events, which, current_operator(router), body.reason)
        return json_response(200, _moved(ids, total))


def _preview(services: Services, which: Selection) -> JsonResponse:
    ids = [dead_letter.id for dead_letter in services.db.run(redrives.find, which)]
    groups = [group_view(row) for row in services.db.run(dead_letters.group_dead_letters, **asdict(which))]
    answer: operators.Moved = {**_moved(ids, redrives.count(services.db, which)), "dryRun": True, "groups": groups}
    return json_response(200, answer)


def _begin(services: Services, which: Selection, body: Redrive, actor: str) -> JsonResponse:
    """`redrive` is null where there was nothing to redrive."""
    total = redrives.count(services.db, which)
    begun = staged_redrive.begin(
        services.db, services.queue, services.events, which, actor, canary=body.canary, rate=body.rate
    )
    redrive, ids = begun or (None, ())
    answer: operators.Moved = {**_moved(ids, total), "redrive": redrive_view(redrive) if redrive else None}
    return json_response(200, answer)


def _selection(body: Choice) -> Selection:
    return Selection(
        ids=body.ids or None,
        type=body.type or None,
        fingerprint=body.fingerprint or None,
        version=body.version or None,
    )


def _moved(ids: Collection[UUID], total: int) -> operators.Moved:
    """Return the answer about tasks that were moved now."""
    names, more = [str(each) for each in ids], total > MOST_AT_ONCE
    return {"ids": names, "dryRun": False, "total": total, "groups": [], "more": more}
