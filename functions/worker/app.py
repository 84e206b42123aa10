"""Task queue: runs a batch of tasks, and names the messages that must come again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import bootstrap
from orchestrator.engine.execution.messages import run_batch
from orchestrator.entrypoints.lambda_handler import entry
from orchestrator.entrypoints.sqs import failures, messages

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    worker = bootstrap.worker()
    return failures(run_batch(worker, messages(event), lambda: context.get_remaining_time_in_millis() / 1000))
