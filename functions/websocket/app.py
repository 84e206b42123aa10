"""WebSocket API: connect by ticket, subscribe, unsubscribe, ping, disconnect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import bootstrap
from orchestrator.entrypoints.lambda_handler import entry
from orchestrator.entrypoints.websocket import answer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    return answer(event, bootstrap.database(), bootstrap.sockets())
