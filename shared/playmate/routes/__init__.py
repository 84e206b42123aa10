"""HTTP routes of the application: parse, one call, answer."""

from __future__ import annotations

from playmate.routes.auth import auth_routes
from playmate.routes.friends import friend_routes
from playmate.routes.kids import kid_routes
from playmate.routes.points import point_routes

#: Every feature's routes, for the function that serves them.
ROUTERS = (auth_routes, friend_routes, kid_routes, point_routes)
