"""The deployment: migrate the schemas, make the logins, load the application's data; or answer its own events.

`{"phase": "pre"}` runs before new code, `{"phase": "post"}` after it. `{"databaseOwner": "name"}` lets another owner of
the same server deploy a stack there.
"""

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
    from orchestrator.store.database_users import admit_owner
    from orchestrator.store.migrate import Phase, migrate

    application = bootstrap.application()
    packages = application.import_everything()
    database = bootstrap.database()
    answer = application.handle_event(database, wanted)
    if answer is not None:
        return dict(answer)
    if "databaseOwner" in wanted:
        return {"admitted": database.run(admit_owner, str(wanted["databaseOwner"]))}
    bootstrap.check_network()
    phases = tuple(phase for phase in get_args(Phase) if wanted.get("phase", phase) == phase)
    applied = migrate(database, packages, phases)
    repaired = bootstrap.bring_logins_up_to_date()
    declared = application.declare_schedules(database) if "post" in phases else 0
    return {"applied": applied, "logins": repaired, "schedules": declared, **application.load_data(database)}
