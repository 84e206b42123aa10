"""HTTP routes of the application: parse, one call, answer."""

from __future__ import annotations

from playmate.routes.auth import auth_routes
from playmate.routes.availability import availability_routes
from playmate.routes.friends import friend_routes
from playmate.routes.inbox import inbox_routes
from playmate.routes.kids import kid_routes
from playmate.routes.knowledge import knowledge_routes
from playmate.routes.me import me_routes
from playmate.routes.owners import owner_routes
from playmate.routes.plan import plan_routes
from playmate.routes.playdates.guests import playdate_guest_routes
from playmate.routes.playdates.schedule import playdate_routes
from playmate.routes.points import point_routes
from playmate.routes.recommendations import recommendation_routes
from playmate.routes.sessions import session_routes
from playmate.routes.task_events import task_event_routes

#: Every feature's routes, for the function that serves them.
ROUTERS = (
    auth_routes,
    availability_routes,
    friend_routes,
    inbox_routes,
    kid_routes,
    knowledge_routes,
    me_routes,
    owner_routes,
    plan_routes,
    playdate_guest_routes,
    playdate_routes,
    point_routes,
    recommendation_routes,
    session_routes,
    task_event_routes,
)
