"""Schedule: repair lost messages and ended leases, and delete old rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import bootstrap
from orchestrator.engine.sweep import sweep
from orchestrator.entrypoints.lambda_handler import entry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, int]:
    return sweep(bootstrap.sweeper(), lambda: context.get_remaining_time_in_millis() / 1000)
