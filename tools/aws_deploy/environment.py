"""One environment of samconfig.toml: its stack, region and parameters."""

from __future__ import annotations

import os
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, cast

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from tools.local_stack import templates
from tools.progress import Refused
from tools.virtualenvs import HOME, ROOT

#: Environments that `make aws` does not deploy: the emulator's, and the half of `prod` that it makes by itself.
NOT_HERE = {"version", "local", "prod-first"}


#: Failures that new credentials mend, as the SDK and as AWS names them.
WITHOUT_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
REFUSED_CREDENTIALS = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "SignatureDoesNotMatch"}


@contextmanager
def named_failures() -> Iterator[None]:
    """Raise Refused with a remedy where AWS refuses a call or cannot be reached."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        if isinstance(error, WITHOUT_CREDENTIALS) or code in REFUSED_CREDENTIALS:
            remedy = "Sign in to AWS, or set AWS_PROFILE to a profile that has credentials"
        else:
            remedy = "Mend the cause above"
        raise Refused(f"AWS: {error}\n{remedy}, then repeat the same command.") from error


class Clients(Protocol):
    """Makes a client of an AWS service, in the stack's region or another."""

    def __call__(self, service: str, region: str | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment of samconfig.toml, with the template's defaults for missing parameters."""

    name: str
    stack: str
    prefix: str
    region: str
    confirms: bool
    overrides: Mapping[str, str]
    parameters: Mapping[str, str]

    @classmethod
    def read(cls, name: str, region: str | None, more: str = "", config: Path = ROOT / "samconfig.toml") -> Self:
        """Return the environment; `more` has parameters beside those of samconfig.toml: "Name=value Other=value".

        Raise Refused where there is no such environment, no region, or no such parameter.
        """
        samconfig = tomllib.loads(config.read_text())
        if name not in samconfig.keys() - NOT_HERE:
            raise Refused(f"ENV={name}: samconfig.toml has {', '.join(sorted(samconfig.keys() - NOT_HERE))}")
        deploy = samconfig[name]["deploy"]["parameters"]
        region = deploy.get("region") or region
        if not region:
            raise Refused("No region: set AWS_REGION, or `region` in your AWS profile or in samconfig.toml")
        given = [*deploy.get("parameter_overrides", []), *shlex.split(more)]
        overrides = {key: value for key, _, value in (one.partition("=") for one in given)}
        known = templates.read(ROOT / "template.yaml")["Parameters"]
        if unknown := overrides.keys() - known.keys():
            raise Refused(f"The template has no parameter {', '.join(sorted(unknown))}")
        defaults = {key: str(one.get("Default", "")) for key, one in known.items()}
        confirms = bool(deploy.get("confirm_changeset"))
        prefix = deploy["s3_prefix"]
        return cls(name, deploy["stack_name"], prefix, region, confirms, overrides, {**defaults, **overrides})

    @property
    def build_folder(self) -> Path:
        """Return the folder of the build: one for each environment, so that none takes another's layers."""
        return HOME / "aws-build" / self.name


def clients(region: str) -> Clients:
    """Return the maker of clients with the caller's own credentials."""
    session = boto3.session.Session(region_name=region)

    def make(service: str, region: str | None = None) -> Any:
        return session.client(cast("Any", service), region_name=region)

    return make


def region_of_caller() -> str | None:
    """Return the region of the caller's environment or AWS profile, if they name one."""
    return os.environ.get("AWS_REGION") or boto3.session.Session().region_name
