"""HTTP API: every route of the orchestrator and of the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import bootstrap
from orchestrator.entrypoints.lambda_handler import entry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    return bootstrap.http_app().resolve(event, context)
