"""Deployment: brings schemas, logins and knowledge base up to date.

`{"phase": "pre"}` before new code, `"post"` after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from orchestrator import bootstrap
from orchestrator.edge.custom_resource import is_custom_resource, respond
from orchestrator.edge.invocation import entry
from orchestrator.store.migrate import Phase, migrate
from playmate.knowledge import load_documents

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

PACKAGES = ("orchestrator.store", "playmate.store")


@entry
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """By hand, or by CloudFormation in the middle of a deploy."""
    if is_custom_resource(event):
        respond(event, apply)
        return {}
    return apply(event)


def apply(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Without a phase: both."""
    phases = tuple(phase for phase in get_args(Phase) if wanted.get("phase", phase) == phase)
    applied = migrate(bootstrap.database(), PACKAGES, phases)
    repaired = bootstrap.bring_logins_up_to_date()
    return {"applied": applied, "logins": repaired, "documents": bootstrap.database().run(load_documents)}
