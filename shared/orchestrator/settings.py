"""The environment variables, read once and checked. No other module reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, Self, get_args

from orchestrator.model.task import LANES, Lane

Environment = Literal["local", "staging", "prod"]
Authority = Literal["", "amazon", "public"]
#: The functions that log in to Postgres, each as itself.
PARTS = ("api", "worker", "websocket", "push", "sweeper")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingsError(Exception):
    """The environment is not valid; the message has every fault, one a line."""

    FIT_FOR_LOGS = True

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The environment is unfit:\n" + "\n".join(f"- {fault}" for fault in self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field per variable, of the same name in lower case; empty means not set."""

    environment: Environment = "local"
    service_version: str = ""
    #: The application's package: its agents, its routes, and where it has them its schema and its deployment.
    application: str = ""
    #: Set by Lambda: the number of the published version that runs.
    aws_lambda_function_version: str = ""
    agent_log_level: str = "INFO"

    database_secret_arn: str = ""
    #: The server of the secret's login.
    database_host: str = ""
    database_port: int = 0
    database_name: str = ""
    #: The authority that must have certified the server: `amazon` or `public`; empty: no verification.
    database_authority: Authority = ""
    #: The secret of each function's own login, which a deploy makes: "api=ARN,worker=ARN".
    database_logins: Mapping[str, str] = field(default_factory=dict)

    #: For the migrate function: connections that Postgres takes, and the most workers and pushes at a time; 0: unknown.
    database_connections: int = 0
    worker_concurrency: int = 0
    long_concurrency: int = 0
    #: For the migrate function: seconds of an invocation of the lane `long`; 0: unknown.
    long_timeout: int = 0
    push_concurrency: int = 0

    #: Whether sessions are the function's own, not a proxy's: statements may be prepared.
    database_direct: bool = False

    task_queue_url: str = ""
    dead_letter_queue_url: str = ""
    #: Those of the lane `long`.
    long_task_queue_url: str = ""
    long_dead_letter_queue_url: str = ""
    #: For a worker: the lane whose queue it receives, and the attempts that the lane `long` runs side by side.
    lane: Lane = "quick"
    slots: int = 10
    event_queue_url: str = ""

    #: Public address that clients connect to, stage included.
    websocket_url: str = ""
    #: Management endpoint that frames are posted to.
    websocket_endpoint: str = ""

    jwt_secret_arn: str = ""
    jwt_issuer: str = "agent-orchestrator"
    jwt_audience: str = "agent-orchestrator"
    #: An outside OpenID Connect issuer whose tokens are accepted.
    oidc_issuer: str = ""
    allowed_origins: tuple[str, ...] = ()
    #: The secret header of CloudFront; empty when no CloudFront is before the API.
    front_secret_arn: str = ""
    #: Whether the API refuses requests that did not come through CloudFront.
    front_required: bool = False

    appconfig_application: str = ""
    appconfig_environment: str = ""
    appconfig_profile: str = ""

    #: Deployment strategies: at once, and gradual with rollback.
    flags_at_once: str = ""
    flags_gradual: str = ""

    otlp_endpoint: str = ""

    #: Whether metrics are also written for each task type.
    metrics_by_type: bool = True
    #: Bedrock model, or inference profile, of the flag insight_narrative.
    narrative_model: str = "amazon.nova-lite-v1:0"
    #: Read by botocore too: whether services are called by names that have IPv6 addresses.
    aws_use_dualstack_endpoint: bool = False

    @property
    def secure_cookies(self) -> bool:
        return self.environment != "local"

    @property
    def version(self) -> str:
        """Return the version of the code: set by the deploy, or the number of Lambda's published version."""
        return self.service_version or self.aws_lambda_function_version.lstrip("$").lower() or "dev"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Return the settings of the environment; raise SettingsError with every fault."""
        source = os.environ if environ is None else environ  # noqa: TID251 - this is the one reader
        faults: list[str] = []
        values: dict[str, object] = {}
        for one in fields(cls):
            raw = source.get(one.name.upper(), "").strip()
            if not raw:
                continue
            try:
                values[one.name] = _READERS.get(one.name, str)(raw)
            except ValueError as error:
                faults.append(f"{one.name.upper()} {error}")
        if values.get("environment", "local") != "local" and str(values.get("oidc_issuer", "")).startswith("http:"):
            faults.append("OIDC_ISSUER must be an https address outside local runs")
        if faults:
            raise SettingsError(faults)
        return cls(**values)  # type: ignore[arg-type] # each reader returns its field's type

    def require(self, *names: str) -> Self:
        """Return the settings; raise SettingsError with every one of these fields that is empty."""
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            raise SettingsError(f"{name.upper()} is not set" for name in missing)
        return self


def _environment(raw: str) -> str:
    if raw not in get_args(Environment):
        raise ValueError(f"must be one of {', '.join(get_args(Environment))}, not {raw!r}")
    return raw


def _authority(raw: str) -> str:
    if raw not in get_args(Authority):
        raise ValueError(f"must be amazon, public or empty, not {raw!r}")
    return raw


def _lane(raw: str) -> str:
    if raw not in LANES:
        raise ValueError(f"must be one of {', '.join(LANES)}, not {raw!r}")
    return raw


def _flag(raw: str) -> bool:
    if raw not in ("true", "false"):
        raise ValueError(f"must be true or false, not {raw!r}")
    return raw == "true"


def _log_level(raw: str) -> str:
    if raw.upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}, not {raw!r}")
    return raw.upper()


def _port(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or not 0 < int(raw) < 65536:
        raise ValueError(f"must be a port number, not {raw!r}")
    return int(raw)


def _number(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit():
        raise ValueError(f"must be a whole number, not {raw!r}")
    return int(raw)


def _url(*schemes: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if not raw.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must be a {' or '.join(schemes)} address, not {raw!r}")
        return raw

    return read


def _origins(raw: str) -> tuple[str, ...]:
    origins = tuple(origin.strip().rstrip("/") for origin in raw.split(",") if origin.strip())
    wrong = [origin for origin in origins if not origin.startswith(("http://", "https://"))]
    if wrong:
        raise ValueError(f"must be a comma list of origins like https://app.example, not {', '.join(wrong)}")
    return origins


def _logins(raw: str) -> dict[str, str]:
    pairs = [pair.strip().partition("=") for pair in raw.split(",")]
    wrong = [part for part, _, arn in pairs if part not in PARTS or not arn]
    if wrong or len({part for part, _, _ in pairs}) < len(pairs):
        raise ValueError(f"must be a comma list of PART=ARN, each of {', '.join(PARTS)} once at most, not {raw!r}")
    return {part: arn for part, _, arn in pairs}


_READERS: Mapping[str, Callable[[str], object]] = {
    "environment": _environment,
    "database_authority": _authority,
    "database_direct": _flag,
    "front_required": _flag,
    "metrics_by_type": _flag,
    "aws_use_dualstack_endpoint": _flag,
    "agent_log_level": _log_level,
    "database_port": _port,
    "database_logins": _logins,
    "database_connections": _number,
    "worker_concurrency": _number,
    "long_concurrency": _number,
    "long_timeout": _number,
    "push_concurrency": _number,
    "task_queue_url": _url("http", "https"),
    "dead_letter_queue_url": _url("http", "https"),
    "long_task_queue_url": _url("http", "https"),
    "long_dead_letter_queue_url": _url("http", "https"),
    "lane": _lane,
    "slots": _number,
    "event_queue_url": _url("http", "https"),
    "websocket_url": _url("ws", "wss"),
    "websocket_endpoint": _url("http", "https"),
    "oidc_issuer": _url("http", "https"),
    "allowed_origins": _origins,
    "otlp_endpoint": _url("http", "https"),
}
