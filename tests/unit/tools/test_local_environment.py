"""Variables of a developer's shell reach neither boto3, libpq nor a proxy's client."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.request import getproxies

import psycopg
import pytest
from botocore.exceptions import ProfileNotFound

from tools.local_environment import keep_local
from tools.local_stack import deploy
from tools.local_stack.stack_config import Layout

SHELL = {
    "AWS_PROFILE": "work",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "LOG_LEVEL": "verbose",
    "PGSSLMODE": "require",
    "PGHOST": "db.example",
    "PYTHONPATH": "/elsewhere",
    "DATABASE_URL": "postgresql://db.example/prod",
}


@pytest.fixture
def shell() -> Iterator[None]:
    """The process's own variables, which libpq reads too; all of them come back."""
    before = dict(os.environ)
    os.environ.update(SHELL)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.usefixtures("shell")
def test_nothing_of_the_shell_is_left_but_the_documented_variables() -> None:
    os.environ.update(PORT_BASE="9100", LC_ALL="C.UTF-8", OTLP_ENDPOINT="http://127.0.0.1:4318")
    keep_local(os.environ)
    assert SHELL.keys() & os.environ.keys() == set()
    assert {"PATH", "PORT_BASE", "LC_ALL", "OTLP_ENDPOINT"} <= os.environ.keys()


@pytest.mark.usefixtures("shell")
def test_the_local_cloud_is_reached_without_the_shells_profile_or_proxy(tmp_path: Path) -> None:
    layout = Layout(tmp_path, 9000)
    with pytest.raises(ProfileNotFound):
        deploy.client(layout, "s3")
    assert "http" in getproxies()
    keep_local(os.environ)
    assert deploy.client(layout, "s3").meta.endpoint_url == layout.aws_url
    assert getproxies() == {}


@pytest.mark.usefixtures("postgres_server", "shell")
def test_postgres_is_reached_without_the_shells_variables(postgres_server: Layout) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres_server.database_url)
    keep_local(os.environ)
    with psycopg.connect(postgres_server.database_url):
        pass
