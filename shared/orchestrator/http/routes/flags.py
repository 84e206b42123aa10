"""Operators: read and change the feature flags."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.aws.clients import CloudError
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import read
from orchestrator.http.routes.recorded import on_record
from orchestrator.http.schemas.names import operator_responses, requests
from orchestrator.model.errors import Fault, InvalidInput, NotFound, Unavailable
from orchestrator.model.task import iso
from orchestrator.store import audit as audit_trail
from orchestrator.store.audit import FlagChange

if TYPE_CHECKING:
    from orchestrator.aws.feature_flag_admin import Deployed, FlagAdmin, Rollout
    from orchestrator.http.errors import JsonResponse
    from orchestrator.http.schemas import operator_responses as operators

#: A flag of this name, when off, parks the tasks of the type that follows it.
KILL_SWITCH = "task."
FLAG = Parameter("name", {"type": "string", "pattern": "^[a-z][A-Za-z0-9_.]{0,99}$"}, "path")


def flag_routes(services: Services) -> Router:
    router = Router()

    @router.get("/ops/flags")
    @operation(
        "The feature flags",
        {200: operator_responses.FlagsView},
        refusals=(404,),
        access="operator",
        tag="ops",
    )
    def show_flags() -> JsonResponse:
        with _appconfig():
            deployed = _flag_admin(services).read()
        return json_response(200, _view(services, deployed))

    @router.put("/ops/flags/<name>")
    @operation(
        "Change a flag, at once or gradually",
        {200: operator_responses.FlagsView},
        body=requests.ChangeFlag,
        parameters=(FLAG,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def change_flag(name: str) -> JsonResponse:
        from orchestrator.aws.feature_flag_admin import Setting, check
        from orchestrator.http.schemas.requests import ChangeFlag

        body = read(ChangeFlag, router.current_event)
        setting, admin = None if body.forget else Setting(body.on, body.percent, body.owners), _flag_admin(services)
        check(name, setting)
        if setting is not None:
            _check_kill_switch(services, name)
        detail = {"flag": name, **body.model_dump()}
        with on_record(services, current_operator(router), "flag", detail) as outcome, _appconfig():
            deployed = admin.set(name, setting, gradual=body.gradual)
            outcome.update(version=deployed.version, aborted=_rollout_view(deployed.aborted))
        services.flags.forget()
        return json_response(200, _view(services, deployed))

    @router.post("/ops/rollout/abort")
    @operation(
        "Take a gradual change of the flags back while it is under way",
        {200: operator_responses.FlagsView},
        body=requests.AbortRollout,
        refusals=(404, 409),
        access="operator",
        tag="ops",
    )
    def abort_rollout() -> JsonResponse:
        from orchestrator.http.schemas.requests import AbortRollout

        body, admin = read(AbortRollout, router.current_event), _flag_admin(services)
        with on_record(services, current_operator(router), "abort", body.model_dump()) as outcome, _appconfig():
            deployed = admin.abort(body.deployment)
            outcome.update(_rollout_view(deployed.aborted) or {})
        services.flags.forget()
        return json_response(200, _view(services, deployed))

    return router


def _check_kill_switch(services: Services, name: str) -> None:
    """Raise InvalidInput for `task.TYPE` where no agent has that type: a typing error would park nothing."""
    type = name.removeprefix(KILL_SWITCH)
    known = services.agents.types()
    if name.startswith(KILL_SWITCH) and type not in known:
        near = get_close_matches(type, known, 1)
        suggestion = f"; did you mean {KILL_SWITCH}{near[0]}?" if near else ""
        message = f"names no task type: there is no agent {type!r}{suggestion}"
        raise InvalidInput("The flag was not changed.", [Fault("name", message, "unknown_type")])


def _flag_admin(services: Services) -> FlagAdmin:
    if services.flag_admin is None:
        raise NotFound("There are no flags to change here.")
    return services.flag_admin


@contextmanager
def _appconfig() -> Iterator[None]:
    """Raise Unavailable that names AppConfig, because an operator must repair it."""
    try:
        yield
    except CloudError as error:
        text = f"AppConfig does not answer ({error.code}). Containers go by the last flags they read."
        raise Unavailable(text) from error


def _last_set(services: Services, names: Collection[str]) -> Mapping[str, FlagChange]:
    """Return the last change of each flag; nothing while the database is unavailable."""
    try:
        return services.db.run(audit_trail.last_flag_changes, names)
    except Unavailable:
        return {}


def _view(services: Services, deployed: Deployed) -> operators.FlagsView:
    from orchestrator.aws.feature_flag_admin import setting_of

    known = _last_set(services, deployed.document)
    shown: list[operators.Flag] = []
    for name, rule in sorted(deployed.document.items()):
        setting, complete = setting_of(rule)
        last = known.get(name)
        shown.append(
            {
                "name": name,
                "on": setting.on,
                "percent": setting.percent,
                "owners": list(setting.owners),
                "custom": not complete,
                "lastSet": {"by": last.actor, "at": iso(last.created_at)} if last else None,
            }
        )
    return {
        "flags": shown,
        "version": deployed.version,
        "deployment": deployed.deployment,
        "state": deployed.state,
        "percentDeployed": deployed.percent,
        "types": services.agents.types(),
        "fault": deployed.fault,
        "rollout": _rollout_view(deployed.rollout),
        "aborted": _rollout_view(deployed.aborted),
    }


def _rollout_view(rollout: Rollout | None) -> operators.Rollout | None:
    if rollout is None:
        return None
    return {
        "deployment": rollout.deployment,
        "version": rollout.version,
        "percentDeployed": rollout.percent,
        "flags": list(rollout.flags),
    }
