"""The composition root: it creates every part once per warm container, at its first use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg

from orchestrator.application import Application
from orchestrator.aws.clients import public_certificates
from orchestrator.aws.feature_flags import Flags, FlagSource
from orchestrator.aws.queues import EventQueue, TaskQueue, lane_queues
from orchestrator.aws.secrets import Secrets
from orchestrator.aws.websocket_api import Sockets
from orchestrator.observability import logger, metrics, tracing
from orchestrator.settings import Settings
from orchestrator.store import flag_snapshot
from orchestrator.store.connection import CERTIFICATES, Connection, Database, connect
from orchestrator.store.database_users import was_refused

if TYPE_CHECKING:
    from orchestrator.aws.feature_flag_admin import FlagAdmin
    from orchestrator.engine.agents import Agents
    from orchestrator.engine.execution.worker import Worker
    from orchestrator.engine.sweep import Sweeper
    from orchestrator.http.access_tokens import Tokens
    from orchestrator.http.app import App, Services
    from orchestrator.http.cloudfront import OriginCheck

#: Seconds to reach Postgres.
CONNECT_TIMEOUT = 5


@cache
def settings() -> Settings:
    read = Settings.from_env()
    logger.setLevel(read.agent_log_level)
    logger.structure_logs(append=True, version=read.version)
    metrics.keep_types(read.metrics_by_type)
    tracing.configure(read.otlp_endpoint, version=read.version, environment=read.environment)
    return read


@cache
def secrets() -> Secrets:
    return Secrets()


@cache
def database() -> Database:
    settings().require("database_secret_arn")
    return Database(open_connection)


def open_connection() -> Connection:
    """Open a connection. A refused password is read again: a rotation may be under way."""
    arn = settings().database_secret_arn
    known = secrets().get_json(arn)
    try:
        return log_in(known)
    except psycopg.OperationalError as failure:
        if not was_refused(failure):
            raise
        newer = _log_in_anew(arn, known)
        if newer is None:
            logger.warning("database login refused", login=known["username"])
            raise
        return newer


def _log_in_anew(arn: str, known: Mapping[str, object]) -> Connection | None:
    """Open a connection with the current password, the pending one of a rotation, or the one after it."""
    refused = [known]
    for read_secret in (secrets().refresh, secrets().pending, secrets().refresh):
        secret = read_secret(arn)
        if secret is None or secret in refused:
            continue
        try:
            return log_in(secret)
        except psycopg.OperationalError as failure:
            if not was_refused(failure):
                raise
            refused.append(secret)
    return None


def log_in(secret: Mapping[str, object]) -> Connection:
    """Open a connection with a secret's name and password."""
    values = settings()
    values.require("database_host", "database_port", "database_name")
    return connect(
        "",
        host=values.database_host,
        port=values.database_port,
        dbname=values.database_name,
        user=str(secret["username"]),
        password=str(secret["password"]),
        **_trust(values),
        # SCRAM proves that the function knows the password without sending it, even to a false server.
        require_auth="scram-sha-256" if values.database_direct and not values.database_logins else None,
        connect_timeout=CONNECT_TIMEOUT,
        application_name="agent-orchestrator",
        prepares=values.database_direct,
    )


def _trust(values: Settings) -> dict[str, str]:
    """Return the TLS options of a session: a named authority must certify the server under its host name."""
    if values.database_authority:
        roots = public_certificates() if values.database_authority == "public" else CERTIFICATES
        return {"sslmode": "verify-full", "sslrootcert": str(roots)}
    return {"sslmode": "prefer" if values.environment == "local" else "require"}


def check_network() -> None:
    """Raise NoWayOut with Network=ipv6 where AWS cannot be reached that way."""
    values = settings()
    if values.aws_use_dualstack_endpoint:
        from orchestrator.aws.network_probe import endpoints, probe

        values.require("websocket_endpoint")
        probe(endpoints(values.websocket_endpoint))


def bring_logins_up_to_date() -> list[str]:
    """Create the functions' logins; return the names of those whose password was set."""
    from orchestrator.engine import database_users
    from orchestrator.store.database_users import share

    values = settings()
    most = None
    if values.database_connections:
        values.require("worker_concurrency", "push_concurrency")
        workers, long = values.worker_concurrency, values.long_concurrency
        most = share(values.database_connections, workers=workers, pushes=values.push_concurrency, long=long)
    return database_users.bring_up_to_date(database(), secrets(), values.database_logins, log_in, most)


@cache
def task_queue() -> TaskQueue:
    """Return the task queues of all lanes; a worker receives from the one of its own lane."""
    values = settings().require("task_queue_url")
    return lane_queues(values.task_queue_url, values.long_task_queue_url, values.lane, agents().lane_of)


@cache
def dead_letter_queue() -> TaskQueue:
    """Return the dead-letter queues of all lanes."""
    values = settings().require("dead_letter_queue_url")
    return lane_queues(values.dead_letter_queue_url, values.long_dead_letter_queue_url, values.lane, agents().lane_of)


@cache
def event_queue() -> EventQueue:
    return EventQueue(settings().require("event_queue_url").event_queue_url)


@cache
def sockets() -> Sockets:
    return Sockets(settings().require("websocket_endpoint").websocket_endpoint)


@cache
def flags() -> Flags:
    values = settings()
    source = (values.appconfig_application, values.appconfig_environment, values.appconfig_profile)
    return Flags(FlagSource(*source) if all(source) else None, recall=lambda: database().run(flag_snapshot.load_flags))


@cache
def application() -> Application:
    """Return the application that this function serves. Raise SettingsError where none is set."""
    return Application(settings().require("application").application)


@cache
def agents() -> Agents:
    """Return the agents of the application."""
    from orchestrator.engine.agents import Agents

    return Agents(application().agents)


@cache
def worker() -> Worker:
    """Return the worker of the worker function."""
    from orchestrator.engine.execution.heartbeat import Heartbeat
    from orchestrator.engine.execution.lanes.pool import ConnectionPool
    from orchestrator.engine.execution.worker import Worker

    application().configure_worker(settings())
    return Worker(
        name=f"worker-{uuid4().hex[:12]}",
        db=database(),
        side=Database(open_connection),
        queue=task_queue(),
        dead_letters=dead_letter_queue(),
        events=event_queue(),
        agents=agents(),
        flags=flags(),
        heartbeat=Heartbeat(Database(open_connection)),
        lane=settings().lane,
        slots=settings().slots,
        pool=ConnectionPool(open_connection),
        version=settings().version,
    )


@cache
def sweeper() -> Sweeper:
    """Return the sweeper of the sweeper function."""
    from orchestrator.engine.sweep import Sweeper

    return Sweeper(
        db=database(),
        queue=task_queue(),
        dead_letters=dead_letter_queue(),
        events=event_queue(),
        sockets=sockets(),
        flags=flags(),
    )


@cache
def tokens() -> Tokens:
    from orchestrator.http.access_tokens import Tokens

    values = settings().require("jwt_secret_arn", "jwt_issuer", "jwt_audience")
    return Tokens(
        secrets(),
        values.jwt_secret_arn,
        issuer=values.jwt_issuer,
        audience=values.jwt_audience,
        oidc_issuer=values.oidc_issuer,
    )


@cache
def origin_check() -> OriginCheck | None:
    from orchestrator.http.cloudfront import OriginCheck

    arn = settings().front_secret_arn
    return OriginCheck(secrets(), arn, required=settings().front_required) if arn else None


@cache
def flag_admin() -> FlagAdmin | None:
    from orchestrator.aws.feature_flag_admin import FlagAdmin

    values = settings()
    source = FlagSource(values.appconfig_application, values.appconfig_environment, values.appconfig_profile)
    if not values.flags_at_once or not values.flags_gradual:
        return None
    return FlagAdmin(source, at_once=values.flags_at_once, gradual=values.flags_gradual)


def rotate_keys(revoke: bool) -> str:
    """Rotate the keys of access tokens at once; return the id of the key that signs."""
    from orchestrator.aws.token_key_rotation import rotate_now
    from orchestrator.http.access_tokens import LIFETIME

    return rotate_now(settings().jwt_secret_arn, token_life=LIFETIME, revoke=revoke)


@cache
def services() -> Services:
    from orchestrator.http.app import Services

    values = settings().require("websocket_url")
    return Services(
        db=database(),
        queue=task_queue(),
        dead_letters=dead_letter_queue(),
        events=event_queue(),
        agents=agents(),
        tokens=tokens(),
        flags=flags(),
        allowed_origins=frozenset(values.allowed_origins),
        secure_cookies=values.secure_cookies,
        websocket_url=values.websocket_url,
        version=values.version,
        origin_check=origin_check(),
        flag_admin=flag_admin(),
        rotate_keys=rotate_keys,
        application=application().package,
    )


@cache
def http_app() -> App:
    """Return the HTTP API: the engine's routes and those of the application's `routes.ROUTERS`."""
    from orchestrator.http.app import build_app
    from orchestrator.http.routes import ROUTERS

    return build_app(services(), (*ROUTERS, *application().routers()))
