"""Secrets Manager: one step of a rotation of the password with which a function logs in to Postgres."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import bootstrap
from orchestrator.engine.database_users import take_step
from orchestrator.entrypoints.lambda_handler import entry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    take_step(event["Step"], event["SecretId"], event["ClientRequestToken"], bootstrap.log_in)
