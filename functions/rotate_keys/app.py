"""Secrets Manager: one step of a rotation of the keys that sign access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.aws.token_key_rotation import take_step
from orchestrator.entrypoints.lambda_handler import entry
from orchestrator.http.access_tokens import LIFETIME

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    take_step(event["Step"], event["SecretId"], event["ClientRequestToken"], token_life=LIFETIME)
