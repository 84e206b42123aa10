"""The cost of a deployment: a million tasks, and an idle month of each profile, from the templates and a price list."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.local_stack import templates
from tools.quality import template_values
from tools.quality.prices import price
from tools.virtualenvs import ROOT

MEASURED = ROOT / "tools" / "quality" / "measured.json"
HOURS = 730
#: Metrics for each task type, and for all of them together (docs/reference/metrics.md); and those that the sweeper
#: sends while nothing happens: the one gauge that is not zero then, and a cold start now and then.
METRICS_PER_TYPE, METRICS_IN_ALL, METRICS_IDLE = 15, 32, 2
#: Starts of the sweeper's container a month: each is sent the flags' document. Of a worker's: one in so many tasks, and
#: no more than so many a month, by when containers live for hours.
SWEEPER_STARTS, TASKS_A_START, MOST_STARTS = 120, 2_000, 7_200
#: Seconds of a sweep on AWS, at the memory of the template's globals; and bytes that it logs.
SWEEP_SECONDS, SWEEP_BYTES = 0.3, 1_400
#: Seconds between two pings of a socket (clients/javascript/src/timing.js), and bytes of a frame with its TLS.
PING_SECONDS, FRAME_BYTES = 23, 2_000
#: Seconds between two reads of an operators' page (web/operators/polling.js), its requests each time, and the queues
#: whose depth the API reads for it.
PAGE_SECONDS, PAGE_REQUESTS, PAGE_QUEUES = 2, 2, 2
#: Seconds for which a container keeps a secret (aws/secrets.py), and secrets that requests of the API need.
SECRET_SECONDS, API_SECRETS = 45, 2
#: Profiles of samconfig.toml that the sheet shows, and tasks a month.
PROFILES, LOADS = ("small", "default", "staging", "prod"), (1e6, 100e6)
#: The most that a million tasks may cost in the serverless part, everything but the database and the network around it.
GOAL = 3.50
#: The same with a browser that watches each task.
WATCHED_GOAL = 5.00
#: Messages of one invocation at most (template.yaml, WorkerMapping).
LARGEST_BATCH = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet."""

    title: str
    dollars: float
    how: str


def per_million(
    measured: dict[str, Any], memory: dict[str, int], architecture: str, batch: int, together: int = 1
) -> list[Line]:
    """Return a million tasks submitted over HTTP, so many together; the lines of watched tasks come last.

    A batch is billed as long as its tasks would take one after another, each alone: it shares the request, and in
    truth round trips too.
    """
    second = price(f"lambda GB second {architecture}")

    def function(name: str, calls: float) -> float:
        gigabyte_seconds = float(measured["milliseconds"][name]) / 1000 * memory[name] / 1024
        return 1e6 * (calls * price("lambda request") + gigabyte_seconds * second)

    sqs = 1 / together + 2 / batch  # ten messages are one send at most; a receive and a delete a batch
    requests = "one request a task" if together == 1 else f"one request for {together} tasks"
    notifications = 3 / batch  # one notification for an owner and a batch: sent, received, deleted
    frames = float(measured["frames"])
    return [
        Line("HTTP API", 1e6 / together * price("http request"), requests),
        Line("API function", function("ApiFunction", 1 / together), _ms(measured, "ApiFunction", memory)),
        Line("task queue", 1e6 * sqs * price("sqs request"), f"{sqs:.1f} requests a task"),
        Line("fair queue", 1e6 * price("sqs fair send"), "each task message names its owner as its group"),
        Line("worker", function("WorkerFunction", 1 / batch), _ms(measured, "WorkerFunction", memory)),
        Line("logs", 1e6 * measured["log_bytes"] / 1e9 * price("log GB"), f"{measured['log_bytes']} bytes a task"),
        Line("event queue*", 1e6 * notifications * price("sqs request"), f"{notifications:.1f} requests a task"),
        Line("fair event queue*", 1e6 / batch * price("sqs fair send"), "and each notification"),
        Line("push*", function("PushFunction", 1 / batch), _ms(measured, "PushFunction", memory)),
        Line("socket frames*", 1e6 * frames * price("socket message"), f"{frames:.2f} a task, with its three events"),
    ]


def requests_alone(measured: dict[str, Any], architecture: str, batch: int, *, watched: bool) -> float:
    """Return dollars of the requests of a million tasks: without time, memory and logs, so whatever the code does."""
    nothing = measured | {"milliseconds": dict.fromkeys(measured["milliseconds"], 0.0), "log_bytes": 0}
    return total(per_million(nothing, memory(), architecture, batch), watched=watched)


def smallest_batch(measured: dict[str, Any], architecture: str, goal: float, *, watched: bool) -> int:
    """Return the mean size of the worker's batches from which on a million tasks cost no more than the goal."""
    cases = {
        batch: total(per_million(measured, memory(), architecture, batch), watched=watched)
        for batch in range(1, LARGEST_BATCH + 1)
    }
    fitting = [batch for batch, dollars in cases.items() if round(dollars, 2) <= goal]
    if not fitting:
        raise ValueError(f"{cases[LARGEST_BATCH]:.2f} dollars in the largest batches, over the goal of {goal:.2f}")
    return fitting[0]


def total(lines: list[Line], *, watched: bool) -> float:
    return sum(line.dollars for line in lines) if watched else unwatched(lines)


def idle(profile: str) -> list[Line]:
    """Return a month in which nothing happens, with a profile's parameters."""
    return idle_of(template_values.overrides(profile))


def idle_of(parameters: Mapping[str, str]) -> list[Line]:
    """Return the same with these parameters of the template."""
    deployed = template_values.deployed(ROOT / "template.yaml", parameters)
    there = [(each, name, one) for each in deployed for name, one in each.resources()]
    kinds = [one["Type"] for _, _, one in there]
    gateways, endpoints = kinds.count("AWS::EC2::NatGateway"), _interface_endpoints(there)
    zones = 2 if deployed[0].values["DatabaseMultiAz"] == "true" else 1
    secrets = kinds.count("AWS::SecretsManager::Secret") + 1
    return [
        _postgres(there),
        Line(
            "way out", gateways * (price("nat hour") + price("public address hour")) * HOURS, f"{gateways} NAT gateway"
        ),
        Line(
            "endpoints",
            endpoints * zones * price("interface endpoint hour") * HOURS,
            f"{endpoints}, in each zone of the database",
        ),
        Line("metrics", METRICS_IDLE * price("custom metric month"), f"{METRICS_IDLE} that the sweeper sends"),
        _alarms(there),
        _polls(kinds.count("AWS::Lambda::EventSourceMapping")),
        _flags(SWEEPER_STARTS),
        _sweeper(deployed[0].values["Architecture"]),
        Line(
            "secrets",
            secrets * price("secret month"),
            f"{secrets}: logins, the database's owner, token keys, CloudFront",
        ),
        Line("pages", 0.0, "2 MB in S3; CloudFront's first TB and 10 million requests are free"),
    ]


There = list[tuple[template_values.Template, str, Mapping[str, Any]]]


def _interface_endpoints(there: There) -> int:
    return sum(
        1
        for _, _, one in there
        if one["Type"] == "AWS::EC2::VPCEndpoint" and one["Properties"]["VpcEndpointType"] == "Interface"
    )


def _postgres(there: There) -> Line:
    ((template, one),) = ((each, one) for each, _, one in there if one["Type"] == "AWS::RDS::DBInstance")
    instance, storage, zones = (
        template.value(one["Properties"][name]) for name in ("DBInstanceClass", "AllocatedStorage", "MultiAZ")
    )
    copies = 2 if zones == "true" else 1
    dollars = copies * (price(f"{instance} hour") * HOURS + int(storage) * price("gp3 GB month"))
    return Line("Postgres", dollars, f"{instance}, {storage} GB, in {'two zones' if copies == 2 else 'one zone'}")


def _alarms(there: There) -> Line:
    """Return the billed metrics of alarms: each metric that an expression reads."""
    watched = sum(
        sum("MetricStat" in metric for metric in one["Properties"].get("Metrics", [])) or 1
        for _, _, one in there
        if one["Type"] == "AWS::CloudWatch::Alarm"
    )
    kinds = [one["Type"] for _, _, one in there]
    composites, dashboards = kinds.count("AWS::CloudWatch::CompositeAlarm"), kinds.count("AWS::CloudWatch::Dashboard")
    dollars = watched * price("alarm metric month") + composites * price("composite alarm month")
    return Line(
        "alarms and dashboard",
        dollars + dashboards * price("dashboard month"),
        f"{watched} metrics watched, {composites} composite, {dashboards} dashboard",
    )


def _polls(queues: int) -> Line:
    """Five pollers a queue ask every 20 s."""
    polls = 5 * queues * HOURS * 3600 / 20
    return Line("queues", polls * price("sqs request"), f"{polls:,.0f} empty polls of {queues} queues")


def _flags(starts: float) -> Line:
    polls = HOURS * 60
    dollars = starts * price("appconfig document") + polls * price("appconfig poll")
    return Line("flags", dollars, f"{starts:,.0f} container starts, each sent the document once; {polls:,} requests")


def _sweeper(architecture: str) -> Line:
    runs = HOURS * 60
    second = price(f"lambda GB second {architecture}") / 2
    each = (
        price("lambda request")
        + SWEEP_SECONDS * second
        + 2 * price("sqs request")
        + SWEEP_BYTES / 1e9 * price("log GB")
    )
    return Line("sweeper", runs * each, f"once a minute, {SWEEP_SECONDS} s at 512 MB, and its lines")


def month(profile: str, tasks: float, *, watched: bool) -> float:
    """Return dollars of a month with so many tasks, in full batches from 100 million on, one at a time below."""
    measured = json.loads(MEASURED.read_text())
    values = template_values.deployed(ROOT / "template.yaml", template_values.overrides(profile))[0].values
    lines = per_million(measured, memory(), values["Architecture"], batch=10 if tasks >= LOADS[-1] else 1)
    fixed = sum(line.dollars for line in idle(profile))
    types = measured["types"] if values["Watch"] == "full" else 0
    metrics = (METRICS_IN_ALL + types * METRICS_PER_TYPE - METRICS_IDLE) * price("custom metric month")
    flags = min(tasks / TASKS_A_START, MOST_STARTS) * price("appconfig document")
    each = total(lines, watched=watched)
    traffic = (
        measured["frames"] * FRAME_BYTES * tasks / 1e9 * price("nat GB")
        if watched and values["Network"] == "nat"
        else 0.0
    )
    secrets = _secret_reads(tasks, measured["milliseconds"]["ApiFunction"]) * price("secret read")
    return fixed + metrics + flags + secrets + tasks / 1e6 * each + traffic


def _secret_reads(tasks: float, milliseconds: float) -> float:
    """Return reads of a month by the API's containers: a request reads a secret that is older than SECRET_SECONDS."""
    seconds = HOURS * 3600
    containers = math.ceil(tasks * milliseconds / 1000 / seconds)
    return API_SECRETS * min(tasks, containers * seconds / SECRET_SECONDS)


def memory() -> dict[str, int]:
    """Return megabytes of each function, with the defaults of parameters."""
    template = templates.read(ROOT / "template.yaml")
    shared = template["Globals"]["Function"]["MemorySize"]
    functions = {n: one for n, one in template["Resources"].items() if one["Type"] == "AWS::Serverless::Function"}
    given = {name: one["Properties"].get("MemorySize", shared) for name, one in functions.items()}
    parameters = template["Parameters"]
    return {n: int(parameters[one["Ref"]]["Default"] if isinstance(one, dict) else one) for n, one in given.items()}


def unwatched(lines: list[Line]) -> float:
    return sum(line.dollars for line in lines if not line.title.endswith("*"))


def socket_month() -> float:
    """Return dollars of a socket that is open all month: minutes, and each ping's message, invocation and answer."""
    pings = HOURS * 3600 / PING_SECONDS
    ping = 2 * price("socket message") + price("lambda request") + 0.01 * 0.5 * price("lambda GB second x86_64")
    return price("socket minute") * 60 * HOURS + pings * ping


def operators_month() -> float:
    """Return dollars of an operators' page that is visible 40 hours a week."""
    reads = 40 * 52 / 12 * 3600 / PAGE_SECONDS
    request = price("http request") + price("lambda request") + 0.01 * price("lambda GB second x86_64")
    return reads * (PAGE_REQUESTS * request + PAGE_QUEUES * price("sqs request"))


def left_behind() -> float:
    """Return dollars a month of the nested stack that `sam delete` leaves: the database and its network."""
    return sum(line.dollars for line in idle("default") if line.title in ("Postgres", "way out", "endpoints"))


def _ms(measured: dict[str, Any], name: str, memory: dict[str, int]) -> str:
    return f"{measured['milliseconds'][name]} ms at {memory[name]} MB"
