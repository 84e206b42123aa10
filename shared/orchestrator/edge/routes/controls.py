"""Operators: what changes without a deploy: feature flags and the keys of access tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.cloud.clients import CloudError
from orchestrator.edge.errors import json_response
from orchestrator.edge.http import Services, acting_operator
from orchestrator.edge.operations import Parameter, operation
from orchestrator.edge.requests import read
from orchestrator.model.errors import NotFound, Unavailable
from orchestrator.store import dead_letters

if TYPE_CHECKING:
    from orchestrator.cloud.flag_changes import Deployed, FlagDesk

FLAG = Parameter("name", {"type": "string", "pattern": "^[a-z][A-Za-z0-9_.]{0,99}$"}, "path")


def control_routes(services: Services) -> Router:
    router = Router()

    @router.get("/ops/flags")
    @operation(
        "The feature flags",
        {200: "orchestrator.edge.operator_answers:FlagsView"},
        refusals=(404,),
        access="operator",
        tag="ops",
    )
    def show_flags() -> Response[Any]:
        with _appconfig():
            return json_response(200, _view(_desk(services).read(), services.agents.types()))

    @router.put("/ops/flags/<name>")
    @operation(
        "Change a flag, at once or gradually",
        {200: "orchestrator.edge.operator_answers:FlagsView"},
        body="orchestrator.edge.bodies:ChangeFlag",
        parameters=(FLAG,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def change_flag(name: str) -> Response[Any]:
        from orchestrator.cloud.flag_changes import Setting
        from orchestrator.edge.bodies import ChangeFlag

        body = read(ChangeFlag, router.current_event)
        setting = None if body.forget else Setting(body.on, body.percent, body.owners)
        with _appconfig():
            deployed = _desk(services).set(name, setting, gradual=body.gradual)
        services.flags.forget()
        detail = {"flag": name, **body.model_dump(), "version": deployed.version}
        services.db.run(dead_letters.audit, acting_operator(router), "flag", detail)
        return json_response(200, _view(deployed, services.agents.types()))

    @router.post("/ops/secrets/jwt/rotate")
    @operation(
        "New keys for access tokens; those of before verify for as long as their tokens live",
        {200: "orchestrator.edge.operator_answers:KeysRotated"},
        body="orchestrator.edge.bodies:RotateKeys",
        refusals=(404,),
        access="operator",
        tag="ops",
    )
    def rotate() -> Response[Any]:
        from orchestrator.edge.bodies import RotateKeys

        body = read(RotateKeys, router.current_event)
        if services.rotate_keys is None:
            raise NotFound("There are no keys of ours here.")
        current = services.rotate_keys(body.revoke)
        detail = {"secret": "jwt", "current": current, "revoke": body.revoke}
        services.db.run(dead_letters.audit, acting_operator(router), "rotate", detail)
        return json_response(200, {"current": current})

    return router


def _desk(services: Services) -> FlagDesk:
    if services.flag_desk is None:
        raise NotFound("There are no flags to change here.")
    return services.flag_desk


@contextmanager
def _appconfig() -> Iterator[None]:
    """Names who is away to those who have to mend it."""
    try:
        yield
    except CloudError as error:
        words = f"AppConfig does not answer ({error.code}). Containers go by the last flags they read."
        raise Unavailable(words) from error


def _view(deployed: Deployed, types: list[str]) -> dict[str, Any]:
    from orchestrator.cloud.flag_changes import setting_of

    shown = []
    for name, rule in sorted(deployed.document.items()):
        setting, complete = setting_of(rule)
        shown.append(
            {
                "name": name,
                "on": setting.on,
                "percent": setting.percent,
                "owners": list(setting.owners),
                "custom": not complete,
            }
        )
    return {
        "flags": shown,
        "version": deployed.version,
        "deployment": deployed.deployment,
        "state": deployed.state,
        "percentDeployed": deployed.percent,
        "types": types,
        "fault": deployed.fault,
    }
