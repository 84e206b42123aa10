"""Changes of feature flags: a new version of the document, checked before it is deployed, at once or gradually.

A gradual deployment is rolled back by AppConfig itself when the alarm on the environment goes off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.aws.clients import CloudError, call
from orchestrator.aws.feature_flags import FlagSource
from orchestrator.model.errors import Conflict, Fault, InvalidInput

NAME = re.compile(r"[a-z][A-Za-z0-9_.]{0,99}")
#: The rules that `Setting` writes; any other was written by hand.
PERCENT_RULE = "percent of owners"
OWNERS_RULE = "these owners"
#: States of a deployment under way.
MOVING = ("DEPLOYING", "BAKING", "VALIDATING", "ROLLING_BACK")
#: States of a deployment that can be rolled back.
ROLLING = ("DEPLOYING", "BAKING", "VALIDATING")
#: States whose document is, or becomes, the one in force.
STANDING = (*ROLLING, "COMPLETE")
MEANWHILE = "Another operator changed the flags at this moment. Read them again, then repeat the change."


@dataclass(frozen=True, slots=True)
class Setting:
    """A flag for all owners, for none, or for a percentage of owners and those named."""

    on: bool
    percent: int = 0
    owners: Sequence[str] = ()

    def rule(self) -> dict[str, Any]:
        """Return the rule as Powertools' feature flags read it."""
        rules: dict[str, Any] = {}
        if self.percent:
            rules[PERCENT_RULE] = _when("KEY_LESS_THAN_VALUE", "bucket", self.percent)
        if self.owners:
            rules[OWNERS_RULE] = _when("KEY_IN_VALUE", "owner", list(self.owners))
        return {"default": self.on, **({"rules": rules} if rules and not self.on else {})}


def setting_of(rule: Mapping[str, Any]) -> tuple[Setting, bool]:
    """Return a document's rule as a Setting, and whether the Setting says everything."""
    rules = rule.get("rules") or {}
    percent = rules.get(PERCENT_RULE, {}).get("conditions", [{}])[0].get("value", 0)
    owners = rules.get(OWNERS_RULE, {}).get("conditions", [{}])[0].get("value", [])
    return Setting(bool(rule["default"]), int(percent), list(owners)), not set(rules) - {PERCENT_RULE, OWNERS_RULE}


@dataclass(frozen=True, slots=True)
class Rollout:
    """A deployment under way: the flags it changes, and its progress in percent."""

    deployment: int
    version: int
    percent: float
    flags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Deployed:
    """The document in force or being deployed, and its progress in percent."""

    document: dict[str, Any]
    version: int
    deployment: int
    state: str
    percent: float
    #: The fault of a newer document; every container uses the last one that it could read.
    fault: str = ""
    #: The deployment under way.
    rollout: Rollout | None = None
    #: The deployment that this change ended early.
    aborted: Rollout | None = None


class FlagAdmin:
    """Changes feature flags for operators."""

    def __init__(self, source: FlagSource, *, at_once: str, gradual: str) -> None:
        self._source = source
        self._strategies = {False: at_once, True: gradual}
        self._target = {"ApplicationId": source.application, "EnvironmentId": source.environment}
        self._profile = {"ApplicationId": source.application, "ConfigurationProfileId": source.profile}

    def read(self) -> Deployed:
        """Return the newest deployment that was not rolled back and has a valid document."""
        deployments = self._deployments()
        return replace(self._standing(deployments), rollout=self._rollout(deployments))

    def set(self, name: str, setting: Setting | None, *, gradual: bool = False) -> Deployed:
        """Change one flag (None deletes its rule). A change at once replaces a gradual one that is under way.

        Raise InvalidInput, or Conflict when a gradual change meets another, or somebody else changed flags meanwhile.
        """
        check(name, setting)
        latest, before = self._latest(), self._deployments()
        moving = [each for each in before if each["State"] in MOVING]
        if gradual and moving:
            raise Conflict(f"Deployment {moving[0]['DeploymentNumber']} of the flags is under way; wait for it.")
        rollout = self._rollout(before)
        document = self._standing([each for each in before if each not in moving]).document
        document.pop(name, None)
        if setting is not None:
            document[name] = setting.rule()
        validate(document)
        version = self._create(document, latest)
        if [_state(each) for each in self._deployments()] != [_state(each) for each in before]:
            raise Conflict(MEANWHILE)
        if rollout is not None:
            self._stop(rollout.deployment)
        begun = self._start(version, gradual=gradual)
        number, state, percent = begun["DeploymentNumber"], begun["State"], float(begun.get("PercentageComplete", 0))
        mine = Rollout(number, version, percent, [name]) if gradual and state in ROLLING else None
        return Deployed(document, version, number, state, percent, rollout=mine, aborted=rollout)

    def abort(self, deployment: int) -> Deployed:
        """Roll a deployment back. Raise Conflict when it is not under way."""
        rollout = self._rollout(self._deployments())
        if rollout is None or rollout.deployment != deployment:
            raise Conflict(f"Rollout {deployment} of the flags is not under way.")
        self._stop(deployment)
        return replace(self.read(), aborted=rollout)

    def _standing(self, deployments: Sequence[Mapping[str, Any]]) -> Deployed:
        fault = ""
        for standing in (each for each in deployments if each["State"] in STANDING):
            version, percent = int(standing["ConfigurationVersion"]), float(standing.get("PercentageComplete", 0))
            try:
                document = self._document(version)
            except InvalidInput:
                fault = fault or f"Version {version} of the flags is broken; the next change replaces it."
                continue
            return Deployed(document, version, standing["DeploymentNumber"], standing["State"], percent, fault)
        return Deployed({}, 0, 0, "NONE", 0.0, fault)

    def _rollout(self, deployments: Sequence[Mapping[str, Any]]) -> Rollout | None:
        if not deployments or deployments[0]["State"] not in ROLLING:
            return None
        coming = deployments[0]
        after, before = (self._standing(each).document for each in (deployments[:1], deployments[1:]))
        changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        percent = float(coming.get("PercentageComplete", 0))
        return Rollout(coming["DeploymentNumber"], int(coming["ConfigurationVersion"]), percent, changed)

    def _document(self, version: int) -> dict[str, Any]:
        """Raise InvalidInput when the document is not valid."""
        answer = call("appconfig", "get_hosted_configuration_version", **self._profile, VersionNumber=version)
        try:
            document = json.loads(answer["Content"].read())
        except ValueError as error:
            raise InvalidInput("The flags' document is not JSON.") from error
        if not isinstance(document, dict):
            raise InvalidInput("The flags' document is no object.")
        validate(document)
        return document

    def _latest(self) -> int:
        """Return the number of the newest version, deployed or not."""
        numbers = [0]
        page: dict[str, Any] = {}
        while True:
            answer = call("appconfig", "list_hosted_configuration_versions", **self._profile, MaxResults=50, **page)
            numbers += [int(each["VersionNumber"]) for each in answer.get("Items", [])]
            if not answer.get("NextToken"):
                return max(numbers)
            page = {"NextToken": answer["NextToken"]}

    def _create(self, document: Mapping[str, Any], latest: int) -> int:
        """Create a version that follows `latest`; AppConfig refuses when another version came between."""
        lock: dict[str, Any] = {"LatestVersionNumber": latest} if latest else {}
        with _forestalled("ConflictException"):
            created = call(
                "appconfig",
                "create_hosted_configuration_version",
                **self._profile,
                **lock,
                Content=json.dumps(document, indent=2, sort_keys=True).encode(),
                ContentType="application/json",
            )
        return int(created["VersionNumber"])

    def _start(self, version: int, *, gradual: bool) -> dict[str, Any]:
        with _forestalled("ConflictException"):
            return call(
                "appconfig",
                "start_deployment",
                **self._target,
                ConfigurationProfileId=self._source.profile,
                ConfigurationVersion=str(version),
                DeploymentStrategyId=self._strategies[gradual],
            )

    def _stop(self, deployment: int) -> None:
        with _forestalled("ConflictException", "BadRequestException"):
            call("appconfig", "stop_deployment", **self._target, DeploymentNumber=deployment)

    def _deployments(self) -> list[dict[str, Any]]:
        """Return the deployments, newest first."""
        answer = call("appconfig", "list_deployments", **self._target, MaxResults=20)
        return sorted(answer.get("Items", []), key=lambda each: -each["DeploymentNumber"])


def _state(deployment: Mapping[str, Any]) -> tuple[int, str]:
    return deployment["DeploymentNumber"], deployment["State"]


@contextmanager
def _forestalled(*codes: str) -> Iterator[None]:
    """Turn AppConfig's refusal of a change to an outdated version into a Conflict."""
    try:
        yield
    except CloudError as error:
        if error.code not in codes:
            raise
        raise Conflict(MEANWHILE) from error


def check(name: str, setting: Setting | None) -> None:
    """Raise InvalidInput with every fault."""
    faults = []
    if not NAME.fullmatch(name):
        faults.append(Fault("name", "must begin with a small letter and have letters, digits, _ and . only"))
    if setting is not None and not 0 <= setting.percent <= 100:
        faults.append(Fault("percent", "must be from 0 to 100"))
    if faults:
        raise InvalidInput("The flag was not changed.", faults)


def validate(document: Mapping[str, Any]) -> None:
    """Evaluate the document as a worker does. Raise InvalidInput when that fails."""
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
