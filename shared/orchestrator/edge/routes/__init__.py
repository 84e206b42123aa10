"""The orchestrator's own routes: each module makes one Router."""

from orchestrator.edge.routes.cancels import cancel_routes
from orchestrator.edge.routes.controls import control_routes
from orchestrator.edge.routes.dead_letters import dead_letter_routes
from orchestrator.edge.routes.figures import figure_routes
from orchestrator.edge.routes.health import health_routes
from orchestrator.edge.routes.ops import ops_routes
from orchestrator.edge.routes.realtime import realtime_routes
from orchestrator.edge.routes.redrives import redrive_routes
from orchestrator.edge.routes.tasks import task_routes

ROUTERS = (
    health_routes,
    task_routes,
    realtime_routes,
    figure_routes,
    ops_routes,
    cancel_routes,
    dead_letter_routes,
    redrive_routes,
    control_routes,
)
