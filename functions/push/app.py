"""Event queue: send the watchers of an owner's tasks the events that they have not received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import bootstrap
from orchestrator.engine.live.subscriptions import push
from orchestrator.entrypoints.lambda_handler import entry
from orchestrator.entrypoints.sqs import failures, owners, traced

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    database, sockets = bootstrap.database(), bootstrap.sockets()  # before the span: they know where spans go
    with traced("push", event):
        push(database, sockets, owners(event))
    return failures([])
