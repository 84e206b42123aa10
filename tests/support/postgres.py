"""A real PostgreSQL for the tests of this process, with one template database that every test's own is copied from."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from orchestrator.settings import PARTS
from orchestrator.store import database_users
from orchestrator.store.connection import Connection, Database, connect
from orchestrator.store.migrate import migrate
from tools.local_stack import postgres
from tools.local_stack.stack_config import Layout

PACKAGES = ("orchestrator.store", "playmate.store")
TEMPLATE = "template_orchestrator"
#: Of every function's login on a test server.
PASSWORD = "of a test"


@contextmanager
def server() -> Iterator[Layout]:
    """Starts PostgreSQL on a free port; stops it and removes its files afterwards."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-tests-") as folder:
        # The database takes the third port of a stack's range.
        layout = Layout(Path(folder), _free_port() - 2)
        process = postgres.start(layout)
        try:
            yield layout
        finally:
            postgres.program(layout).stop()
            process.wait()


def make_template(layout: Layout) -> None:
    """The database that tests copy: migrated, empty; and each function's login, as a deploy makes them."""
    with _administer(layout) as admin:
        admin.execute(f"CREATE DATABASE {TEMPLATE}")
    database = Database(lambda: connect(url_of(layout, TEMPLATE)))
    migrate(database, PACKAGES)
    for part in PARTS:
        database.run(database_users.make, login_of(part), part)
        database.run(database_users.set_password, login_of(part), PASSWORD)
    database.close()


@contextmanager
def fresh_database(layout: Layout) -> Iterator[str]:
    """The URL of a copy of the template, dropped afterwards."""
    name = f"test_{uuid4().hex[:16]}"
    with _administer(layout) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    try:
        yield url_of(layout, name)
    finally:
        with _administer(layout) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def door(url: str, part: str) -> Database:
    """The database as one of the functions sees it: through its login, with its rights and no others."""
    return Database(lambda: log_in(url, part))


def log_in(url: str, part: str) -> Connection:
    """A session of a function's own login. An operator is the API's, in the role that it takes for one."""
    if part == "operator":
        return connect(url, user=login_of("api"), password=PASSWORD, options="-c role=orchestrator_operator")
    return connect(url, user=login_of(part), password=PASSWORD)


def login_of(part: str) -> str:
    return f"test_{part}"


def url_of(layout: Layout, name: str) -> str:
    return layout.database_url.rsplit("/", 1)[0] + f"/{name}"


def _administer(layout: Layout) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url_of(layout, "postgres"), autocommit=True)


def _free_port() -> int:
    """A port that was free a moment ago, below the kernel's ephemeral range so that nobody is handed it meanwhile."""
    offset = os.getpid() % 4_000
    for port in (*range(20_000 + offset, 28_000), *range(20_000, 20_000 + offset)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(port)
    raise RuntimeError("no free port")
