"""Ask for the renewal of recommendations after a change, and before they are shown when they are outdated."""

from __future__ import annotations

from collections.abc import Sequence

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.http.app import Services, current_owner, current_trace
from orchestrator.store.connection import Connection
from playmate.domain.recommendations import has_passed
from playmate.store import recommendations
from playmate.store.accounts import GuardianId, guardian_id
from playmate.store.recommendations import AboutFriend

TYPE = "recommendations.renew"
#: Seconds in which reads ask once.
BUCKET = 60


def renew_after_change(services: Services, router: Router, conn: Connection) -> None:
    """Submit a renewal for the caller's family in the transaction of a change, if it has friends or open requests."""
    if recommendations.about_friends(conn, guardian_id(current_owner(router))):
        _submit(services, router, conn=conn)


def read_recommendations(services: Services, router: Router, me: GuardianId) -> list[AboutFriend]:
    """Return the recommendations about friends, and ask for a renewal of those that are outdated."""
    found = services.db.run(recommendations.about_friends, me)
    if _are_outdated(found):
        minute = int(found[0].now.timestamp()) // BUCKET
        _submit(services, router, key=f"renew {minute}")
    return found


def _are_outdated(found: Sequence[AboutFriend]) -> bool:
    return any(each.outdated or (each.result is not None and has_passed(each.result, each.now)) for each in found)


def _submit(services: Services, router: Router, *, key: str | None = None, conn: Connection | None = None) -> None:
    request = TaskRequest(
        owner=current_owner(router),
        type=TYPE,
        payload={},
        idempotency_key=key,
        traceparent=current_trace(router),
        by_user=False,
    )
    submit(services.db, services.queue, services.agents, request, connection=conn)
