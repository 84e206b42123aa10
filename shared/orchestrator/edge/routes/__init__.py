"""The orchestrator's own routes: each module makes one Router."""

from orchestrator.edge.routes.health import health_routes

ROUTERS = (health_routes,)
