"""Deployment: schemas, logins, knowledge base (`{"phase": "pre"}` or `"post"`); operators (`{"operator": NAME}`)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, get_args

# No more than this: a deploy of code that cannot be imported must hear so, not wait in vain for an answer.
from orchestrator.entrypoints.custom_resource import is_custom_resource, respond

PACKAGES = ("orchestrator.store", "playmate.store")


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    if is_custom_resource(event):
        respond(event, apply)
        return {}
    from orchestrator.entrypoints.lambda_handler import entry

    return entry(lambda wanted, _: apply(wanted))(event, context)


def apply(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Without a phase: both. What is to run is imported first: if it cannot be, nothing has changed."""
    from orchestrator import bootstrap
    from orchestrator.store.migrate import Phase, migrate
    from playmate.knowledge import load_documents
    from playmate.store.operators import promote

    db = bootstrap.database()
    if "operator" in wanted:
        return promote(db, str(wanted["operator"]))
    import_module("orchestrator.http.routes")
    import_module("playmate.routes")
    bootstrap.agents("playmate.agents").types()
    phases = tuple(phase for phase in get_args(Phase) if wanted.get("phase", phase) == phase)
    applied, repaired = migrate(db, PACKAGES, phases), bootstrap.bring_logins_up_to_date()
    return {"applied": applied, "logins": repaired, "documents": db.run(load_documents)}
