"""Task queue: runs a batch of tasks, and names the messages that must come again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import bootstrap
from orchestrator.edge.invocation import entry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    return bootstrap.run_batch("playmate.agents", event, context)
