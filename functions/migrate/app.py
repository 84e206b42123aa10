"""Deployment: brings the schemas of both packages up to date, `{"phase": "pre" | "post"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import bootstrap
from orchestrator.edge.invocation import entry
from orchestrator.store.migrate import migrate

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

PACKAGES = ("orchestrator.store", "playmate.store")


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's form
    applied = migrate(bootstrap.database(), PACKAGES)
    return {"applied": applied}
