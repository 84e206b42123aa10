"""The way back to a browser: API Gateway's management endpoint."""

from __future__ import annotations

from enum import Enum

from orchestrator.aws.clients import CloudError, call
from orchestrator.observability import logger

#: Codes by which the gateway says that it will never take a frame.
REFUSALS = frozenset({"PayloadTooLargeException", "413"})


class Delivery(Enum):
    """What became of one frame."""

    #: The gateway took it.
    SENT = "sent"
    #: The connection is over; its row can go.
    GONE = "gone"
    #: The gateway does not take this frame at all; another one may pass.
    REFUSED = "refused"
    #: Anything else: the client catches up by its cursor.
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
        """Close a connection; one that is gone already is as good."""
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
