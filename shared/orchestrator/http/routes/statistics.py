"""Operators: the figures of the moment, and of the days before it."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.operators.statistics import count
from orchestrator.http.app import Services
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import Query
from orchestrator.http.routes.tasks import TYPE
from orchestrator.http.schemas.names import statistics_responses
from orchestrator.http.serializers import audit_view, group_view
from orchestrator.http.statistics import (
    HISTORY_STEPS,
    LATELY,
    STEP,
    WINDOW,
    busiest_view,
    is_marked,
    live_view,
    load_view,
    pace_view,
    past_view,
    queue_depth,
    recent_view,
    series_view,
    type_view,
    window_view,
    worker_view,
)
from orchestrator.model.task import iso
from orchestrator.store import audit as audit_trail
from orchestrator.store import statistics

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse
    from orchestrator.http.schemas.statistics_responses import Stats

#: Operators' actions among which the marks of a chart are searched.
NEWEST_ACTIONS = 200
HOURS = Parameter(
    "hours",
    {"type": "integer", "enum": [int(hours) for hours in HISTORY_STEPS], "default": 1},
    description="How far back it reaches",
)


def statistics_routes(services: Services) -> Router:
    router = Router()

    @router.get("/ops/stats")
    @operation(
        "The system at a glance",
        {200: statistics_responses.Stats},
        access="operator",
        tag="ops",
    )
    def stats() -> JsonResponse:
        return json_response(200, _stats(services))

    @router.get("/ops/history")
    @operation(
        "The figures as they were, at most 180 steps of them, and the actions of operators meanwhile",
        {200: statistics_responses.History},
        parameters=(HOURS, TYPE),
        access="operator",
        tag="ops",
    )
    def history() -> JsonResponse:
        query = Query(router.current_event)
        hours, task_type = query.choice("hours", HISTORY_STEPS) or "1", query.text("type", longest=100)
        query.check()
        until: datetime = services.db.run(statistics.load).at
        since, step = until - timedelta(hours=int(hours)), HISTORY_STEPS[hours]
        rows = services.db.run(statistics.minutes, since, step, task_type)
        done = services.db.run(audit_trail.list_actions, limit=NEWEST_ACTIONS)
        actions = [audit_view(row) for row in done if row.created_at >= since and is_marked(row)]
        return json_response(200, past_view(rows, actions, since=since, until=until, step=step))

    return router


def _stats(services: Services) -> Stats:
    run = services.db.run
    load = run(statistics.load)
    now = load.at
    since, lately = now - timedelta(seconds=WINDOW), now - timedelta(seconds=LATELY)
    ended = run(statistics.finished_counts, since, now, lately)
    counts = count(run(statistics.live_counts), ended)
    paces = run(statistics.paces, since, now)
    return {
        "queue": queue_depth(services.queue),
        "deadLetterQueue": queue_depth(services.dead_letters),
        "at": iso(now),
        "live": live_view(counts.total),
        "oldestDueSeconds": round(counts.oldest, 3),
        "window": window_view(counts),
        "byType": [type_view(name, by_name) for name, by_name in sorted(counts.by_type.items())],
        "recent": recent_view(ended, run(statistics.submitted, lately, now), now),
        "series": series_view(run(statistics.finished_series, since, STEP)),
        "pace": {name: pace_view(pace) for name, pace in paces.items() if name is not None},
        "paceOfAll": pace_view(paces[None]) if None in paces else None,
        "busiest": busiest_view(run(statistics.busiest_owner)),
        "workers": [worker_view(row) for row in run(statistics.workers)] if counts.total("processing") else [],
        "failing": [group_view(row) for row in run(statistics.failing)] if counts.total("retrying") else [],
        "load": load_view(load, run(statistics.blockers) if load.lock_waits else [], _answer_ms(services)),
    }


def _answer_ms(services: Services) -> float:
    """Return the milliseconds of one read by primary key, on a connection that is open."""
    asked = perf_counter()
    services.db.run(statistics.read_one)
    return (perf_counter() - asked) * 1_000
