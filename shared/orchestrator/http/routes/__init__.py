"""The orchestrator's own routes: each module makes one Router."""

from orchestrator.http.routes.bulk_cancel import bulk_cancel_routes
from orchestrator.http.routes.dead_letters import dead_letter_routes
from orchestrator.http.routes.flags import flag_routes
from orchestrator.http.routes.health import health_routes
from orchestrator.http.routes.operator_tasks import operator_task_routes
from orchestrator.http.routes.operators.budgets import budget_routes
from orchestrator.http.routes.operators.notes import note_routes
from orchestrator.http.routes.operators.schedules import operator_schedule_routes
from orchestrator.http.routes.run_again import run_again_routes
from orchestrator.http.routes.runs.tree import run_routes
from orchestrator.http.routes.schedules import schedule_routes
from orchestrator.http.routes.staged_redrives import staged_redrive_routes
from orchestrator.http.routes.statistics import statistics_routes
from orchestrator.http.routes.streams import stream_routes
from orchestrator.http.routes.tasks import signal_routes, task_routes
from orchestrator.http.routes.tickets import realtime_routes
from orchestrator.http.routes.token_keys import token_key_routes

ROUTERS = (
    health_routes,
    task_routes,
    stream_routes,
    run_routes,
    signal_routes,
    schedule_routes,
    realtime_routes,
    statistics_routes,
    operator_task_routes,
    run_again_routes,
    note_routes,
    operator_schedule_routes,
    budget_routes,
    bulk_cancel_routes,
    dead_letter_routes,
    staged_redrive_routes,
    flag_routes,
    token_key_routes,
)
