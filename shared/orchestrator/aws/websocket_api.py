"""Frames to browsers, through API Gateway's management endpoint."""

from __future__ import annotations

from enum import Enum

from orchestrator.aws.clients import CloudError, call
from orchestrator.observability import logger

#: Error codes with which the gateway refuses a frame for good.
REFUSALS = frozenset({"PayloadTooLargeException", "413"})


class Delivery(Enum):
    """The result of posting one frame."""

    #: The gateway accepted it.
    SENT = "sent"
    #: The connection is closed; its row can be deleted.
    GONE = "gone"
    #: The gateway refuses this frame for good; another one may be accepted.
    REFUSED = "refused"
    #: Any other failure: the client catches up by its cursor.
    FAILED = "failed"


class Sockets:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def post(self, connection_id: str, data: bytes) -> Delivery:
        try:
            call(
                "apigatewaymanagementapi",
                "post_to_connection",
                endpoint=self.endpoint,
                ConnectionId=connection_id,
                Data=data,
            )
        except CloudError as error:
            if error.code == "GoneException":
                return Delivery.GONE
            logger.warning("frame not delivered", connection_id=connection_id, error=str(error))
            return Delivery.REFUSED if error.code in REFUSALS else Delivery.FAILED
        return Delivery.SENT

    def delete(self, connection_id: str) -> None:
        """Close a connection, if it is open."""
        try:
            call(
                "apigatewaymanagementapi",
                "delete_connection",
                endpoint=self.endpoint,
                ConnectionId=connection_id,
            )
        except CloudError as error:
            if error.code != "GoneException":
                logger.warning("connection not closed", connection_id=connection_id, error=str(error))
