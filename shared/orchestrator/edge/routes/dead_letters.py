"""Operators: dead letters by what they have in common, redriven at once or in stages, or given up; and who did what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.edge.errors import json_response
from orchestrator.edge.http import Services, acting_operator
from orchestrator.edge.operations import Parameter, operation
from orchestrator.edge.requests import Query, path_uuid, read
from orchestrator.edge.routes.tasks import LARGEST_PAGE, LIMIT, PAGE, TYPE
from orchestrator.edge.views import audit_view, dead_letter_view, group_view
from orchestrator.engine import canary
from orchestrator.engine import redrive as letters
from orchestrator.engine.redrive import MOST_AT_ONCE, Selection
from orchestrator.store import dead_letters, redrives

if TYPE_CHECKING:
    from orchestrator.edge.bodies import Choice, Redrive

#: Staged redrives shown at once.
MOST_REDRIVES = 20

FINGERPRINT = Parameter(
    "fingerprint",
    {"type": "string", "minLength": 1, "maxLength": 200},
    description="Only failures that look alike",
)
VERSION = Parameter(
    "version",
    {"type": "string", "minLength": 1, "maxLength": 100},
    description="Only those whose last attempt ran this version of the code",
)
REDRIVE_ID = Parameter("redrive_id", {"type": "string", "format": "uuid"}, "path")
BEFORE = Parameter("cursor", {"type": "integer", "minimum": 1, "maximum": 2**53}, description="nextCursor of a page")


def dead_letter_routes(services: Services) -> Router:
    router = Router()
    _register_looks(router, services)
    _register_moves(router, services)
    _register_stages(router, services)
    return router


def _register_looks(router: Router, services: Services) -> None:
    @router.get("/ops/dead-letters")
    @operation(
        "Tasks whose attempts are used up, oldest first, and in groups of those that failed alike",
        {200: "orchestrator.edge.operator_answers:DeadLetters"},
        parameters=(TYPE, FINGERPRINT, VERSION, LIMIT),
        access="operator",
        tag="ops",
    )
    def list_dead_letters() -> Response[Any]:
        query = Query(router.current_event)
        task_type, fingerprint = query.text("type", longest=100), query.text("fingerprint")
        version = query.text("version", longest=100)
        limit = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE
        query.check()
        which = Selection(type=task_type, fingerprint=fingerprint, version=version, limit=limit)
        groups = services.db.run(dead_letters.groups, type=task_type, fingerprint=fingerprint, version=version)
        items = [dead_letter_view(row) for row in letters.select(services.db, which)]
        total = sum(group["tasks"] for group in groups)
        return json_response(200, {"total": total, "groups": [group_view(row) for row in groups], "items": items})

    @router.get("/ops/audit")
    @operation(
        "What operators did, newest first",
        {200: "orchestrator.edge.operator_answers:Audit"},
        parameters=(LIMIT, BEFORE),
        access="operator",
        tag="ops",
    )
    def audit() -> Response[Any]:
        query = Query(router.current_event)
        limit = query.integer("limit", low=1, high=LARGEST_PAGE) or PAGE
        before = query.integer("cursor", low=1, high=2**53)
        query.check()
        found = services.db.run(dead_letters.list_audit, before=before, limit=limit + 1)
        cursor = found[limit - 1]["id"] if len(found) > limit else None
        return json_response(200, {"items": [audit_view(row) for row in found[:limit]], "nextCursor": cursor})


def _register_moves(router: Router, services: Services) -> None:
    @router.post("/ops/dead-letters/redrive")
    @operation(
        "Give dead letters their attempts anew: at once, at a rate, or in stages that stop when the failure comes back",
        {200: "orchestrator.edge.operator_answers:Moved"},
        body="orchestrator.edge.bodies:Redrive",
        access="operator",
        tag="ops",
    )
    def redrive() -> Response[Any]:
        from orchestrator.edge.bodies import Redrive

        body = read(Redrive, router.current_event)
        if body.canary and not body.dryRun:
            return _begin_canary(services, body, acting_operator(router))
        if body.dryRun:
            moved = [row["id"] for row in letters.select(services.db, _selection(body))]
        else:
            moved = letters.redrive(
                services.db, services.queue, _selection(body), acting_operator(router), rate=body.rate
            )
        return json_response(200, _moved(moved, dry_run=body.dryRun))

    @router.post("/ops/dead-letters/discard")
    @operation(
        "Give dead letters up for good",
        {200: "orchestrator.edge.operator_answers:Moved"},
        body="orchestrator.edge.bodies:Discard",
        access="operator",
        tag="ops",
    )
    def discard() -> Response[Any]:
        from orchestrator.edge.bodies import Discard

        body = read(Discard, router.current_event)
        if body.dryRun:
            moved = [row["id"] for row in letters.select(services.db, _selection(body))]
        else:
            moved = letters.discard(services.db, _selection(body), acting_operator(router), body.reason)
        return json_response(200, _moved(moved, dry_run=body.dryRun))


def _register_stages(router: Router, services: Services) -> None:
    @router.get("/ops/redrives")
    @operation(
        "Staged redrives, newest first",
        {200: "orchestrator.edge.operator_answers:StagedRedrives"},
        access="operator",
        tag="ops",
    )
    def list_redrives() -> Response[Any]:
        found = services.db.run(redrives.newest, MOST_REDRIVES)
        return json_response(200, {"items": [canary.view(row) for row in found]})

    @router.post("/ops/redrives/<redrive_id>/advance")
    @operation(
        "Look how a staged redrive goes, and let its next stage go if the last one ended well",
        {200: "orchestrator.edge.operator_answers:StagedRedrive"},
        parameters=(REDRIVE_ID,),
        access="operator",
        tag="ops",
    )
    def advance(redrive_id: str) -> Response[Any]:
        return json_response(200, canary.advance(services.db, services.queue, path_uuid(redrive_id, "redrive")))

    @router.post("/ops/redrives/<redrive_id>/stop")
    @operation(
        "Let nothing more of a staged redrive go",
        {200: "orchestrator.edge.operator_answers:StagedRedrive"},
        parameters=(REDRIVE_ID,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def stop(redrive_id: str) -> Response[Any]:
        return json_response(200, canary.stop(services.db, path_uuid(redrive_id, "redrive"), acting_operator(router)))


def _begin_canary(services: Services, body: Redrive, actor: str) -> Response[Any]:
    """`ids` are those of the first stage; `redrive` tells how it goes on (null: there was nothing to redrive)."""
    which = _selection(body)
    first = [row["id"] for row in letters.select(services.db, replace(which, limit=1))]
    begun = canary.begin(services.db, services.queue, which, actor, rate=body.rate)
    return json_response(200, {**_moved(first, dry_run=False), "redrive": begun})


def _selection(body: Choice) -> Selection:
    return Selection(
        ids=body.ids or None,
        type=body.type or None,
        fingerprint=body.fingerprint or None,
        version=body.version or None,
    )


def _moved(ids: list[UUID], *, dry_run: bool) -> dict[str, Any]:
    """`more`: the bound of one request was reached, and another would find others."""
    return {"ids": [str(each) for each in ids], "dryRun": dry_run, "more": len(ids) >= MOST_AT_ONCE}
