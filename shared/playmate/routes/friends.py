"""Friends: asking, answering, ending, and the three lists."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner, submit_task
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.request import read
from playmate.schemas.names import shapes
from playmate.store import friends
from playmate.store.accounts import guardian_id

ACCEPTED = {202: shapes.TaskAccepted}
LIST = {200: shapes.Friends}


def friend_routes(services: Services) -> Router:
    router = Router()

    @router.post("/api/friends/ask")
    @operation("Ask a guardian to be friends", ACCEPTED, body=shapes.FriendAskBody, tag="friends")
    def ask() -> Response[Any]:
        from playmate.schemas.shapes import FriendAskBody

        body = read(FriendAskBody, router.current_event)
        return submit_task(services, router, "friend.ask", {"friendName": body.friendname})

    @router.post("/api/friends/setstate")
    @operation("Answer a request", ACCEPTED, body=shapes.FriendStateBody, tag="friends")
    def set_state() -> Response[Any]:
        from playmate.schemas.shapes import FriendStateBody

        body = read(FriendStateBody, router.current_event)
        payload = {"friendId": body.friendId, "state": body.friendshipState}
        return submit_task(services, router, "friend.setState", payload)

    @router.post("/api/friends/delete")
    @operation("End a friendship", ACCEPTED, body=shapes.FriendRef, tag="friends")
    def delete() -> Response[Any]:
        from playmate.schemas.shapes import FriendRef

        body = read(FriendRef, router.current_event)
        return submit_task(services, router, "friend.delete", {"friendId": body.friendId})

    @router.get("/api/friends/confirmed")
    @operation("The caller's friends", LIST, tag="friends")
    def confirmed() -> Response[Any]:
        return json_response(200, services.db.run(friends.confirmed, guardian_id(current_owner(router))))

    @router.get("/api/friends/pending")
    @operation("Those the caller asked", LIST, tag="friends")
    def pending() -> Response[Any]:
        return json_response(200, services.db.run(friends.pending, guardian_id(current_owner(router))))

    @router.get("/api/friends/askingforme")
    @operation("Those who asked the caller", LIST, tag="friends")
    def asking_for_me() -> Response[Any]:
        return json_response(200, services.db.run(friends.asking, guardian_id(current_owner(router))))

    return router
