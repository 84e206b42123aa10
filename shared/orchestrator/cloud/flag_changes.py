"""Changing flags: a new version of the document, checked before it is deployed, at once or gradually.

A gradual deployment is rolled back by AppConfig itself when the alarm on the environment goes off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.cloud.clients import call
from orchestrator.cloud.flags import FlagSource
from orchestrator.model.errors import Conflict, Fault, InvalidInput

NAME = re.compile(r"[a-z][A-Za-z0-9_.]{0,99}")
#: The rules that `Setting` writes; any other was written by hand.
PERCENT_RULE = "percent of owners"
OWNERS_RULE = "these owners"
#: States of a deployment that still moves.
MOVING = ("DEPLOYING", "BAKING", "VALIDATING", "ROLLING_BACK")
#: States whose document is, or becomes, the one in force.
STANDING = ("DEPLOYING", "BAKING", "VALIDATING", "COMPLETE")


@dataclass(frozen=True, slots=True)
class Setting:
    """A flag for everybody, for nobody, or for a part: so many percent of owners and those named."""

    on: bool
    percent: int = 0
    owners: Sequence[str] = ()

    def rule(self) -> dict[str, Any]:
        """As Powertools' feature flags read it."""
        rules: dict[str, Any] = {}
        if self.percent:
            rules[PERCENT_RULE] = _when("KEY_LESS_THAN_VALUE", "bucket", self.percent)
        if self.owners:
            rules[OWNERS_RULE] = _when("KEY_IN_VALUE", "owner", list(self.owners))
        return {"default": self.on, **({"rules": rules} if rules and not self.on else {})}


def setting_of(rule: Mapping[str, Any]) -> tuple[Setting, bool]:
    """A document's rule as a Setting, and whether that is all there is to it."""
    rules = rule.get("rules") or {}
    percent = rules.get(PERCENT_RULE, {}).get("conditions", [{}])[0].get("value", 0)
    owners = rules.get(OWNERS_RULE, {}).get("conditions", [{}])[0].get("value", [])
    return Setting(bool(rule["default"]), int(percent), list(owners)), not set(rules) - {PERCENT_RULE, OWNERS_RULE}


@dataclass(frozen=True, slots=True)
class Deployed:
    """The document in force or on its way, and how far it has got (%)."""

    document: dict[str, Any]
    version: int
    deployment: int
    state: str
    percent: float
    #: What is wrong with a newer document; every container goes by the last one that it could read.
    fault: str = ""


class FlagDesk:
    """Where operators change flags."""

    def __init__(self, source: FlagSource, *, at_once: str, gradual: str) -> None:
        self._source = source
        self._strategies = {False: at_once, True: gradual}
        self._place = {"ApplicationId": source.application, "EnvironmentId": source.environment}
        self._profile = {"ApplicationId": source.application, "ConfigurationProfileId": source.profile}

    def read(self) -> Deployed:
        """The newest deployment that was not rolled back and whose document is sound."""
        fault = ""
        for standing in (each for each in self._deployments() if each["State"] in STANDING):
            version, percent = int(standing["ConfigurationVersion"]), float(standing.get("PercentageComplete", 0))
            try:
                document = self._document(version)
            except InvalidInput:
                fault = fault or f"Version {version} of the flags is broken; the next change replaces it."
                continue
            return Deployed(document, version, standing["DeploymentNumber"], standing["State"], percent, fault)
        return Deployed({}, 0, 0, "NONE", 0.0, fault)

    def _document(self, version: int) -> dict[str, Any]:
        """Raises InvalidInput."""
        answer = call("appconfig", "get_hosted_configuration_version", **self._profile, VersionNumber=version)
        try:
            document = json.loads(answer["Content"].read())
        except ValueError as error:
            raise InvalidInput("The flags' document is not JSON.") from error
        if not isinstance(document, dict):
            raise InvalidInput("The flags' document is no object.")
        validate(document)
        return document

    def set(self, name: str, setting: Setting | None, *, gradual: bool = False) -> Deployed:
        """Changes one flag (None forgets it). What is set at once takes the place of a rollout under way.

        Raises InvalidInput, or Conflict when a gradual change meets another.
        """
        check(name, setting)
        self._make_way(gradual)
        document = self.read().document
        document.pop(name, None)
        if setting is not None:
            document[name] = setting.rule()
        validate(document)
        return self._deploy(document, gradual=gradual)

    def _deploy(self, document: dict[str, Any], *, gradual: bool) -> Deployed:
        version = call(
            "appconfig",
            "create_hosted_configuration_version",
            **self._profile,
            Content=json.dumps(document, indent=2, sort_keys=True).encode(),
            ContentType="application/json",
        )["VersionNumber"]
        begun = call(
            "appconfig",
            "start_deployment",
            **self._place,
            ConfigurationProfileId=self._source.profile,
            ConfigurationVersion=str(version),
            DeploymentStrategyId=self._strategies[gradual],
        )
        percent = float(begun.get("PercentageComplete", 0))
        return Deployed(document, int(version), begun["DeploymentNumber"], begun["State"], percent)

    def _make_way(self, gradual: bool) -> None:
        for moving in (each for each in self._deployments() if each["State"] in MOVING):
            if gradual:
                raise Conflict(f"Deployment {moving['DeploymentNumber']} of the flags is under way; wait for it.")
            call("appconfig", "stop_deployment", **self._place, DeploymentNumber=moving["DeploymentNumber"])

    def _deployments(self) -> list[dict[str, Any]]:
        """Newest first."""
        answer = call("appconfig", "list_deployments", **self._place, MaxResults=20)
        return sorted(answer.get("Items", []), key=lambda each: -each["DeploymentNumber"])


def check(name: str, setting: Setting | None) -> None:
    """Raises InvalidInput with every fault."""
    faults = []
    if not NAME.fullmatch(name):
        faults.append(Fault("name", "must begin with a small letter and have letters, digits, _ and . only"))
    if setting is not None and not 0 <= setting.percent <= 100:
        faults.append(Fault("percent", "must be from 0 to 100"))
    if faults:
        raise InvalidInput("The flag was not changed.", faults)


def validate(document: Mapping[str, Any]) -> None:
    """What a broken document would do to every worker, it does here first. Raises InvalidInput."""
    from aws_lambda_powertools.utilities.feature_flags import SchemaValidator
    from aws_lambda_powertools.utilities.feature_flags.exceptions import SchemaValidationError

    if not document:
        return
    try:
        SchemaValidator(schema=dict(document)).validate()
    except SchemaValidationError as error:
        raise InvalidInput("The flags' document is not valid.", [Fault("document", str(error))]) from error


def _when(action: str, key: str, value: object) -> dict[str, Any]:
    return {"when_match": True, "conditions": [{"action": action, "key": key, "value": value}]}
