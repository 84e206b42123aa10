"""A function's login on the test server, its secret in moto, and the way the function finds both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from moto import mock_aws
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from functions.rotate_passwords.app import handler
from orchestrator import bootstrap
from orchestrator.aws import clients
from orchestrator.aws.clients import call
from orchestrator.aws.secret_rotation import read
from orchestrator.store import database_users
from orchestrator.store.connection import Connection, connect
from tests.support.gateway import LambdaContext

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def forget_everything() -> None:
    """A cold start."""
    for part in vars(bootstrap).values():
        if hasattr(part, "cache_clear"):
            part.cache_clear()
    clients.forget()


def address_of(url: str) -> dict[str, str]:
    """Return the database's host, port and name as the environment variables that the template sets."""
    parts = conninfo_to_dict(url)
    return {
        "DATABASE_HOST": str(parts["host"]),
        "DATABASE_PORT": str(parts.get("port", 5432)),
        "DATABASE_NAME": str(parts["dbname"]),
    }


@contextmanager
def aws() -> Iterator[None]:
    """Secrets Manager in this process, met by a cold container."""
    forget_everything()
    with mock_aws():
        yield
    forget_everything()


@dataclass(frozen=True, slots=True)
class Login:
    name: str
    arn: str
    url: str

    def secret(self) -> dict[str, Any]:
        return read(self.arn, VersionStage="AWSCURRENT")

    def put(self, **values: Any) -> None:
        """Changes the secret, and Postgres hears nothing of it."""
        call("secretsmanager", "put_secret_value", SecretId=self.arn, SecretString=json.dumps(self.secret() | values))

    def rotate(self, version: str, *steps: str) -> None:
        for step in steps:
            event = {"Step": step, "SecretId": self.arn, "ClientRequestToken": version}
            handler(event, LambdaContext())  # type: ignore[arg-type] # all it needs of one

    def make(self, owner: Connection, part: str) -> None:
        database_users.make_login(owner, self.name, part)
        database_users.set_login_password(owner, self.name, self.secret()["password"])


def login_for(url: str, name: str = "") -> Login:
    """A secret; the role is yet to be made."""
    name = name or f"login_{uuid4().hex[:12]}"
    value = json.dumps({"username": name, "password": f"first-{uuid4().hex}"})
    return Login(name, str(call("secretsmanager", "create_secret", Name=uuid4().hex, SecretString=value)["ARN"]), url)


def drop(login: Login) -> None:
    """Roles belong to the server, which outlives the test."""
    with connect(login.url) as connection:
        for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
            connection.execute(sql.SQL(statement).format(sql.Identifier(login.name)))


def settle(monkeypatch: pytest.MonkeyPatch, login: Login) -> None:
    """This process is the function that logs in with it."""
    for name, value in {**address_of(login.url), "DATABASE_SECRET_ARN": login.arn}.items():
        monkeypatch.setenv(name, value)
