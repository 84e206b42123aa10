"""Activities of friends' kids, and playmates: read models over accepted friends only."""

from __future__ import annotations

from typing import Any, get_args

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import Query
from orchestrator.http.serializers import fitting
from playmate.domain.leaderboard import FriendKid, Item, Sort, leaderboard
from playmate.domain.recommendations import at_moment
from playmate.routes.renewal import read_recommendations
from playmate.schemas.names import shapes
from playmate.sources.weekly_plan import distance_between, is_beyond
from playmate.store import accounts, kids, plans, points
from playmate.store.accounts import GuardianId, guardian_id

SORTS: tuple[Sort, ...] = get_args(Sort)

SORT = Parameter("sort", {"type": "string", "default": SORTS[0]}, description=f"{', '.join(SORTS)}; else {SORTS[0]}")
ACTIVITY = Parameter("activity", {"type": "string", "minLength": 1, "maxLength": 60})
MIN_AGE = Parameter("minAge", {"type": "number"})
MAX_AGE = Parameter("maxAge", {"type": "number"})


def recommendation_routes(services: Services) -> Router:
    router = Router()

    @router.get("/api/recommendations/leaderboard")
    @operation("Activities of friends' kids", {200: shapes.Leaderboard}, parameters=(SORT,), tag="recommendations")
    def activities() -> Response[Any]:
        query = Query(router.current_event)
        sort = _sort(query)
        query.check()
        items = _leaderboard(services, guardian_id(current_owner(router)), sort)
        return json_response(200, {"sort": sort, "items": fitting(item.public() for item in items)})

    @router.get("/api/playdate-point/recommendations")
    @operation(
        "Everything the playdate screen shows",
        {200: shapes.Recommendations},
        parameters=(SORT, ACTIVITY, MIN_AGE, MAX_AGE),
        tag="recommendations",
    )
    def recommendations() -> Response[Any]:
        query = Query(router.current_event)
        sort, activity = _sort(query), query.text("activity", longest=60)
        low, high = query.number("minAge"), query.number("maxAge")
        query.check()
        me = guardian_id(current_owner(router))
        playmates = services.db.run(kids.of_friends, me, activity=activity, min_age=low, max_age=high)
        shown = {
            "sort": sort,
            "leaderboard": fitting(item.public() for item in _leaderboard(services, me, sort)),
            "friendRecommendations": fitting(_about_each_friend(services, router, me)),
            "playmates": fitting(each.public() for each in playmates),
        }
        return json_response(200, shown)

    return router


def _sort(query: Query) -> Sort:
    chosen = query.text("sort")
    return next((sort for sort in SORTS if sort == chosen), SORTS[0])


def _leaderboard(services: Services, me: GuardianId, sort: Sort) -> list[Item]:
    found = services.db.run(kids.of_friends, me)
    home = services.db.run(points.get_point, me)
    friend_kids = [
        FriendKid(each.kid.favorite_activity, each.guardian.id, each.guardian.name, each.guardian.point)
        for each in found
    ]
    return leaderboard(friend_kids, home, sort)


def _about_each_friend(services: Services, router: Router, me: GuardianId) -> list[Any]:
    """Return the recommendations about each friend within reach, as they are now; none without a pair of kids."""
    found = read_recommendations(services, router, me)
    home, reach = services.db.run(points.get_point, me), services.db.run(plans.get_plan, me).reach_km
    family = accounts.Guardian(me, "", home.latitude if home else None, home.longitude if home else None)
    shown = [
        at_moment(each.result, each.now, each.friend.point)
        for each in found
        if each.friends and each.result and not is_beyond(distance_between(family, each.friend), reach)
    ]
    return [result for result in shown if result["recommendations"]]
