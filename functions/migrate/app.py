"""Deployment: schemas, logins and knowledge base up to date; `{"phase": "pre"}` before new code, `"post"` after it.

`{"operator": "NAME"}` makes an account that has signed up an operator's. IAM decides who may send it: everybody who may
invoke this function.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args

# No more than this: a deploy of code that cannot be imported must hear so, not wait in vain for an answer.
from orchestrator.entrypoints.custom_resource import is_custom_resource, respond

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

PACKAGES = ("orchestrator.store", "playmate.store")
#: Who promotes an operator, as the audit trail keeps it; CloudTrail knows the principal.
ACTOR = "migrate function"


class NoSuchAccount(Exception):
    """The event names an account that nobody has signed up for."""

    FIT_FOR_LOGS = True


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """By hand, or by CloudFormation in the middle of a deploy."""
    if is_custom_resource(event):
        respond(event, apply)
        return {}
    from orchestrator.entrypoints.lambda_handler import entry

    work = promote if "operator" in event else apply
    return entry(lambda wanted, _: work(wanted))(event, context)


def apply(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Without a phase: both. What is to run is imported first: if it cannot be, nothing has changed."""
    from orchestrator import bootstrap
    from orchestrator.store.migrate import Phase, migrate
    from playmate.knowledge import load_documents

    import_module("orchestrator.http.routes")
    import_module("playmate.routes")
    bootstrap.agents("playmate.agents").types()
    phases = tuple(phase for phase in get_args(Phase) if wanted.get("phase", phase) == phase)
    applied = migrate(bootstrap.database(), PACKAGES, phases)
    repaired = bootstrap.bring_logins_up_to_date()
    return {"applied": applied, "logins": repaired, "documents": bootstrap.database().run(load_documents)}


def promote(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Make the account of that name or e-mail address an operator's, with a line in the audit trail.

    Tokens carry the role: the operator signs in again. Raise NoSuchAccount where nobody has that name.
    """
    from orchestrator import bootstrap
    from orchestrator.store import dead_letters
    from playmate.store.accounts import promote_to_operator

    with bootstrap.database().transaction() as conn:
        guardian = promote_to_operator(conn, str(wanted["operator"]))
        if guardian is None:
            raise NoSuchAccount("operator: no account has this name or e-mail address; sign up first, then repeat")
        dead_letters.audit(conn, ACTOR, "promote", {"guardian": str(guardian)})
    return {"operator": str(guardian), "next": "sign in again: a token carries the role of its account"}
