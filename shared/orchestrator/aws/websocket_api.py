"""Frames to browsers, through API Gateway's management endpoint."""

from __future__ import annotations

from enum import Enum
from urllib.parse import quote

from orchestrator.aws.clients import CloudError
from orchestrator.aws.signed_requests import SignedEndpoint
from orchestrator.observability import logger

#: Error codes with which the gateway refuses a frame for good.
REFUSALS = frozenset({"PayloadTooLargeException", "413"})
#: Error codes of a connection that is closed.
GONE = frozenset({"GoneException", "410"})


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
    """The open connections of the WebSocket API, at its management endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._gateway = SignedEndpoint(endpoint, "execute-api")

    def post(self, connection_id: str, data: bytes) -> Delivery:
        try:
            self._gateway.request("POST", _path(connection_id), data)
        except CloudError as error:
            if error.code in GONE:
                return Delivery.GONE
            logger.warning("frame not delivered", connection_id=connection_id, error=str(error))
            return Delivery.REFUSED if error.code in REFUSALS else Delivery.FAILED
        return Delivery.SENT

    def delete(self, connection_id: str) -> None:
        """Close a connection, if it is open."""
        try:
            self._gateway.request("DELETE", _path(connection_id))
        except CloudError as error:
            if error.code not in GONE:
                logger.warning("connection not closed", connection_id=connection_id, error=str(error))


def _path(connection_id: str) -> str:
    return f"/@connections/{quote(connection_id, safe='')}"
