"""The limits of an account and of the template, for docs/explanation/scale.md."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestrator.engine.sweep import RETENTION_DAYS
from tools.local_stack import templates
from tools.virtualenvs import ROOT

#: Part of a server's processor that can be used without long queues.
USABLE = 0.6
_RDS = "docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
_LAMBDA = "docs.aws.amazon.com/lambda/latest/dg/"
_GATEWAY = "docs.aws.amazon.com/apigateway/latest/developerguide/"


@dataclass(frozen=True, slots=True)
class Limit:
    """A resource of the default template, its most after a request or another parameter, and the source."""

    title: str
    unit: str
    usual: float
    raised: float
    how: str
    source: str
    #: The parameter of the template whose default is the usual limit.
    parameter: str = ""


#: Quotas of an account in us-east-1, as AWS's documents had them in 2025-07, and the template's parameters.
_LIMITS = {
    "cpu": Limit(
        title="Postgres processor",
        unit="vCPU",
        usual=2 * USABLE,
        raised=96 * USABLE,
        how="`DatabaseInstanceClass`: db.t4g.medium, then db.r8g.24xlarge, used to 60 %",
        source="aws.amazon.com/rds/instance-types",
    ),
    "wal": Limit(
        title="Postgres log (WAL)",
        unit="MB/s",
        usual=125,
        raised=1_000,
        how="gp3 below 400 GB, and the most of gp3 at 400 GB and more",
        source=f"{_RDS}CHAP_Storage.html",
    ),
    "storage": Limit(
        title=f"tables after {RETENTION_DAYS} days",
        unit="GB",
        usual=0,
        raised=65_536,
        how="`DatabaseStorage` grows tenfold; the most of RDS",
        source=f"{_RDS}CHAP_Storage.html",
    ),
    "deletion": Limit(
        title="deletion of old tasks",
        unit="s a minute",
        usual=50,
        raised=50,
        how="the run of the one sweeper in each minute",
        source="`tools/bench/retention.py`",
    ),
    "connections": Limit(
        title="Postgres connections",
        unit="",
        usual=0,
        parameter="DatabaseConnections",
        raised=5_000,
        how="`DatabaseConnections`; `UseRdsProxy` shares them",
        source=f"{_RDS}CHAP_Limits.html",
    ),
    "workers": Limit(
        title="worker containers",
        unit="",
        usual=0,
        parameter="WorkerConcurrency",
        raised=1_000,
        how="`WorkerConcurrency`; the most of a mapping of SQS",
        source=f"{_LAMBDA}services-sqs-scaling.html",
    ),
    "lambda": Limit(
        title="Lambda concurrency",
        unit="",
        usual=1_000,
        raised=10_000,
        how="an account's quota; raised on request",
        source=f"{_LAMBDA}gettingstarted-limits.html",
    ),
    "flight": Limit(
        title="SQS messages in flight",
        unit="",
        usual=120_000,
        raised=120_000,
        how="the quota of a standard queue",
        source="docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html",
    ),
    "http": Limit(
        title="HTTP requests",
        unit="1/s",
        usual=0,
        parameter="HttpRequestsPerSecond",
        raised=10_000,
        how="`HttpRequestsPerSecond`; an account's quota",
        source=f"{_GATEWAY}limits.html",
    ),
    "frames": Limit(
        title="WebSocket frames and pings",
        unit="1/s",
        usual=10_000,
        raised=10_000,
        how="an account's quota, shared with HTTP",
        source=f"{_GATEWAY}limits.html",
    ),
    "pings": Limit(
        title="pings of open sockets",
        unit="1/s",
        usual=0,
        parameter="SocketRequestsPerSecond",
        raised=10_000,
        how="`SocketRequestsPerSecond`",
        source=f"{_GATEWAY}limits.html",
    ),
}


def limits() -> dict[str, Limit]:
    """Return each limit with the default of its parameter."""
    parameters = templates.read(ROOT / "template.yaml")["Parameters"]
    grown = 10 * float(parameters["DatabaseStorage"]["Default"])
    named = {name: one for name, one in _LIMITS.items() if one.parameter}
    resolved = {name: replace(one, usual=float(parameters[one.parameter]["Default"])) for name, one in named.items()}
    return {**_LIMITS, **resolved, "storage": replace(_LIMITS["storage"], usual=grown)}
