"""When the family is free: weekly windows on its own clock."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.request import read
from orchestrator.model.errors import NotFound
from playmate.domain.weekly import usual_week
from playmate.routes.renewal import renew_after_change
from playmate.schemas.names import shapes
from playmate.store import availability, plans, points
from playmate.store.accounts import GuardianId, guardian_id
from playmate.store.availability import Calendar

PATH = "/api/availability"


def availability_routes(services: Services) -> Router:
    router = Router()

    @router.get(PATH)
    @operation("The family's weekly windows", {200: shapes.Availability}, tag="availability")
    def get() -> Response[Any]:
        return json_response(200, _shown(services, guardian_id(current_owner(router))))

    @router.put(PATH)
    @operation(
        "Replace the family's weekly windows",
        {200: shapes.Availability},
        body=shapes.AvailabilityBody,
        tag="availability",
    )
    def put() -> Response[Any]:
        from playmate.schemas.shapes import AvailabilityBody

        body = read(AvailabilityBody, router.current_event)
        me = guardian_id(current_owner(router))
        windows = tuple(window.window() for window in body.windows)
        with services.db.transaction() as conn:
            if not availability.put_calendar(conn, me, Calendar(body.timeZone, windows)):
                raise NotFound("This account no longer exists.")
            renew_after_change(services, router, conn)
        return json_response(200, _shown(services, me))

    return router


def _shown(services: Services, me: GuardianId) -> dict[str, Any]:
    """Return the guardian's own calendar, or the sensible one used until there is one."""
    own = services.db.run(availability.get_calendars, [me]).get(me)
    calendar = own or _usual(services, me)
    return {
        "timeZone": calendar.time_zone,
        "windows": [window.public() for window in calendar.windows],
        "isDefault": own is None,
    }


def _usual(services: Services, me: GuardianId) -> Calendar:
    """Return the calendar planning uses as long as there is none: by the playdate point's zone and weekend."""
    from playmate.sources.geography import UTC_ZONE, days_off, known_zone, zone_at

    point = services.db.run(points.get_point, me)
    device = known_zone(services.db.run(plans.home_zones, [me]).get(me, ""))
    zone = zone_at(point) if point else device or UTC_ZONE
    return Calendar(zone.key, usual_week(days_off(zone, ()).weekend))
