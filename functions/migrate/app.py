"""The deployment: schemas, logins, data. Events: `{"phase": …}`, `{"databaseOwner": …}` and the application's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

# No more than this: a deploy of code that cannot be imported must report that, and not wait in vain for an answer.
from orchestrator.entrypoints.custom_resource import is_custom_resource, respond


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    if is_custom_resource(event):
        respond(event, apply)
        return {}
    from orchestrator.entrypoints.lambda_handler import entry

    return entry(lambda wanted, _: apply(wanted))(event, context)


def apply(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Run the phase, or both without one. All code is imported first, so code that fails to import changes nothing."""
    from orchestrator import bootstrap
    from orchestrator.engine.database_users import admit_owner
    from orchestrator.store.migrate import Phase, migrate

    application = bootstrap.application()
    packages = application.import_everything()
    bootstrap.agents().check_timeouts(bootstrap.settings().long_timeout)
    database = bootstrap.database()
    answer = application.handle_event(database, wanted)
    answer = admit_owner(database, wanted) if answer is None else answer
    if answer is not None:
        return dict(answer)
    bootstrap.check_network()
    phases = tuple(phase for phase in get_args(Phase) if wanted.get("phase", phase) == phase)
    applied = migrate(database, packages, phases)
    repaired = bootstrap.bring_logins_up_to_date()
    declared = application.declare_schedules(database) if "post" in phases else 0
    return {"applied": applied, "logins": repaired, "schedules": declared, **application.load_data(database)}
