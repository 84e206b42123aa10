"""A real PostgreSQL for the tests of this process, with one template database that every test's own is copied from."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg

from orchestrator.settings import PARTS
from orchestrator.store import database_users
from orchestrator.store.connection import Connection, Database, connect
from orchestrator.store.migrate import migrate
from tools.local_stack import postgres
from tools.local_stack.stack_config import Layout

#: Packages with a schema. `make engine` runs the engine's tests where the application is not installed.
PACKAGES = ("orchestrator.store", *(["playmate.store"] if find_spec("playmate") else []))
TEMPLATE = "template_orchestrator"
#: Databases that earlier tests left, and the template's fingerprint, by the server's port.
_SPARE: dict[int, list[str]] = {}
_FINGERPRINTS: dict[int, tuple[object, ...]] = {}
#: Tables whose rows the migrations wrote, and no test may change.
KEPT = {"schema_migrations"}

#: One number for everything that a test may have changed in the catalogue, or in the rows of the migrations.
_SCHEMA = """
SELECT sum(hashtext(part)::bigint)::text FROM (
  SELECT 'class' || oid || ':' || xmin FROM pg_class WHERE oid >= 16384
  UNION ALL SELECT 'attribute' || attrelid || ':' || attnum || ':' || xmin FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT 'constraint' || oid || ':' || xmin FROM pg_constraint WHERE oid >= 16384
  UNION ALL SELECT 'trigger' || oid || ':' || xmin FROM pg_trigger WHERE oid >= 16384
  UNION ALL SELECT 'function' || oid || ':' || xmin FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT 'policy' || oid || ':' || xmin FROM pg_policy WHERE oid >= 16384
  UNION ALL SELECT 'migration' || schema_migrations::text FROM schema_migrations
) AS parts (part)
"""
_SETTINGS = (
    "SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()"
)
_TABLES = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_EMPTY = f"""
DO $$
DECLARE name text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
              AND relname NOT IN ({", ".join(f"'{table}'" for table in sorted(KEPT))})
  LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
  PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence;
END $$
"""
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
        database.run(database_users.make_login, login_of(part), part)
        database.run(database_users.set_login_password, login_of(part), PASSWORD)
    database.close()
    with psycopg.connect(url_of(layout, TEMPLATE), autocommit=True) as owner:
        tables = [str(name) for (name,) in owner.execute(_TABLES).fetchall()]
        filled = {name for name in tables if owner.execute(f"SELECT FROM {name} LIMIT 1").rowcount}
        assert filled == KEPT, "tables with rows of the migrations: emptying a database must keep these alone"
        _FINGERPRINTS[layout.database_port] = _fingerprint(owner)


@contextmanager
def fresh_database(layout: Layout) -> Iterator[str]:
    """Yield the URL of a database that is as the template: a new copy, or one that an earlier test left, emptied."""
    spare = _SPARE.setdefault(layout.database_port, [])
    name = spare.pop() if spare else _copy_of_the_template(layout)
    yield url_of(layout, name)
    if _emptied(layout, name):
        spare.append(name)
    else:
        with _administer(layout) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _copy_of_the_template(layout: Layout) -> str:
    name = f"test_{uuid4().hex[:16]}"
    with _administer(layout) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    return name


def _emptied(layout: Layout, name: str) -> bool:
    """Delete every row that the template does not have. False when the schema or the template's own rows changed."""
    with _administer(layout) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            (name,),
        )
    with psycopg.connect(url_of(layout, name), autocommit=True) as owner:
        if _fingerprint(owner) != _FINGERPRINTS[layout.database_port] or owner.execute(_SETTINGS).rowcount:
            return False
        owner.execute(_EMPTY)
    return True


def _fingerprint(owner: psycopg.Connection[tuple[object, ...]]) -> tuple[object, ...]:
    found = owner.execute(_SCHEMA).fetchone()
    assert found is not None
    return found


def connect_as(url: str, part: str) -> Database:
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
