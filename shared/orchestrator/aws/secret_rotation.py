"""The four steps in which Secrets Manager rotates a secret; each may be called twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.aws.clients import CloudError, call

Secret = Mapping[str, object]


class RotationOver(Exception):
    """A step was called after its rotation ended."""

    FIT_FOR_LOGS = True


@dataclass(frozen=True, slots=True)
class Rotation:
    """The functions that differ between kinds of secrets."""

    #: The secret that follows the current one.
    create: Callable[[Secret], Secret]
    #: Raise when the secret does not work.
    test: Callable[[Secret], None]
    #: Change the secret in its service, from the first to the second. None: there is no service.
    apply: Callable[[Secret, Secret], None] | None = None
    #: Whether the second may still follow the first when the last step comes. None: always.
    may_follow: Callable[[Secret, Secret], bool] | None = None


def take_step(rotation: Rotation, step: str, arn: str, version: str) -> None:
    """Take one step of the rotation to `version`."""
    match step:
        case "createSecret":
            _create(rotation, arn, version)
        case "setSecret":
            if rotation.apply and not _is_current(arn, version):
                rotation.apply(read(arn, VersionStage="AWSCURRENT"), read(arn, VersionId=version))
        case "testSecret":
            rotation.test(read(arn, VersionId=version))
        case "finishSecret":
            _finish(rotation, arn, version)
        case _:
            raise ValueError(f"{step!r} is no step of a rotation")


def read(arn: str, **which: str) -> dict[str, object]:
    """Return one version's value. `which`: VersionId or VersionStage."""
    return read_version(arn, **which)[1]


def read_version(arn: str, **which: str) -> tuple[str, dict[str, object]]:
    """Return one version's id and value."""
    answer = call("secretsmanager", "get_secret_value", SecretId=arn, **which)
    return str(answer["VersionId"]), json.loads(answer["SecretString"])


def _create(rotation: Rotation, arn: str, version: str) -> None:
    if _exists(arn, version):
        return
    secret = rotation.create(read(arn, VersionStage="AWSCURRENT"))
    call(
        "secretsmanager",
        "put_secret_value",
        SecretId=arn,
        ClientRequestToken=version,
        SecretString=json.dumps(secret),
        VersionStages=["AWSPENDING"],
    )


def _exists(arn: str, version: str) -> bool:
    """Return whether the version has a value; Secrets Manager marks it as pending before it has one."""
    try:
        read(arn, VersionId=version)
    except CloudError as error:
        if error.code == "ResourceNotFoundException":
            return False
        raise
    return True


def _is_current(arn: str, version: str) -> bool:
    """Raise RotationOver for a version of an ended rotation: a late step must not restore it."""
    stages = _stages(arn).get(version, [])
    if not {"AWSCURRENT", "AWSPENDING"} & set(stages):
        raise RotationOver(f"the version {version} is not pending: this rotation is over")
    return "AWSCURRENT" in stages


def _finish(rotation: Rotation, arn: str, version: str) -> None:
    """Remove the pending label, which the next rotation could mistake for its own."""
    if _is_current(arn, version):
        return
    current = next(each for each, names in _stages(arn).items() if "AWSCURRENT" in names)
    follows = rotation.may_follow
    if follows and not follows(read(arn, VersionId=current), read(arn, VersionId=version)):
        _end_pending(arn, version)
        raise RotationOver(f"the secret has changed since the version {version} was made: this rotation is given up")
    make_current(arn, version, instead_of=current)
    _end_pending(arn, version)


def make_current(arn: str, version: str, *, instead_of: str) -> None:
    """Make the version current; Secrets Manager refuses unless `instead_of` is the current one."""
    call(
        "secretsmanager",
        "update_secret_version_stage",
        SecretId=arn,
        VersionStage="AWSCURRENT",
        MoveToVersionId=version,
        RemoveFromVersionId=instead_of,
    )


def _end_pending(arn: str, version: str) -> None:
    call(
        "secretsmanager",
        "update_secret_version_stage",
        SecretId=arn,
        VersionStage="AWSPENDING",
        RemoveFromVersionId=version,
    )


def _stages(arn: str) -> Mapping[str, list[str]]:
    stages: Mapping[str, list[str]] = call("secretsmanager", "describe_secret", SecretId=arn)["VersionIdsToStages"]
    return stages
