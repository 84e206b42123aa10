"""The cost of a deployment from the template, measured durations and a price list: docs/explanation/cost.md.

`make reference` writes the page. `python -m tools.quality.cost` measures the durations again, from the logs of the
running local stack.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from tools.local_stack import templates
from tools.local_stack.stack_config import AWS_KEYS, Layout
from tools.progress import say
from tools.quality.reference.markdown import NOTE
from tools.virtualenvs import ROOT

MEASURED = ROOT / "tools" / "quality" / "measured.json"

#: AWS's public list in us-east-1, US dollars, on demand, without the free tier. Written from memory as of mid-2025 and
#: not fetched: verify a price before a decision depends on it.
PRICES_AS_OF = "mid-2025"
PRICES = {
    "lambda request": 0.20e-6,
    "lambda GB-second x86_64": 16.6667e-6,
    "lambda GB-second arm64": 13.3334e-6,
    "http request": 1.00e-6,
    "socket message": 1.00e-6,
    "socket minute": 0.25e-6,
    "sqs request": 0.40e-6,
    "log GB": 0.50,
    "custom metric month": 0.30,
    "alarm month": 0.10,
    "dashboard month": 3.00,
    "secret month": 0.40,
    "key month": 1.00,
    "key request": 0.03e-4,
    "web acl month": 5.00,
    "web acl rule month": 1.00,
    "web acl request": 0.60e-6,
    "cloudfront request": 1.00e-6,
    "cloudfront function": 0.10e-6,
    "trace": 5.00e-6,
    "interface endpoint hour": 0.01,
    "nat hour": 0.045,
    "public address hour": 0.005,
    "db.t4g.medium hour": 0.065,
    "gp3 GB month": 0.115,
    "proxy vCPU hour": 0.015,
}
HOURS = 730
#: Metrics that are kept for each task type, and for all of them together (docs/reference/metrics.md).
METRICS_PER_TYPE, METRICS_IN_ALL = 14, 30
#: CloudWatch bills each log event with so much beside its text; the gateway, which writes none locally, adds its line.
EVENT_BYTES, ACCESS_LOG_BYTES = 26, 250
#: What a million tasks may cost in the serverless part, everything but the database and the network around it.
GOAL = 4.00


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet."""

    what: str
    dollars: float
    how: str


def per_million(measured: dict[str, Any], memory: dict[str, int], architecture: str, batch: int) -> list[Line]:
    """A million tasks submitted over HTTP; what only a watched one needs comes last.

    A batch is billed as long as its tasks would take one after another, each alone: it shares the request, and in
    truth round trips too.
    """
    second = PRICES[f"lambda GB-second {architecture}"]

    def function(name: str, calls: float) -> float:
        gigabyte_seconds = float(measured["milliseconds"][name]) / 1000 * memory[name] / 1024
        return 1e6 * (calls * PRICES["lambda request"] + gigabyte_seconds * second)

    sqs = 1 + 2 / batch  # a send a task, a receive and a delete a batch
    hints = 3 / batch  # what a batch finishes for one owner is one hint: sent, received, deleted
    return [
        Line("HTTP API", 1e6 * PRICES["http request"], "one request a task"),
        Line("API function", function("ApiFunction", 1), _ms(measured, "ApiFunction", memory)),
        Line("task queue", 1e6 * sqs * PRICES["sqs request"], f"{sqs:.1f} requests a task"),
        Line("worker", function("WorkerFunction", 1 / batch), _ms(measured, "WorkerFunction", memory)),
        Line("logs", 1e6 * measured["log_bytes"] / 1e9 * PRICES["log GB"], f"{measured['log_bytes']} bytes a task"),
        Line("event queue*", 1e6 * hints * PRICES["sqs request"], f"{hints:.1f} requests a task"),
        Line("push*", function("PushFunction", 1 / batch), _ms(measured, "PushFunction", memory)),
        Line("socket frames*", 3e6 * PRICES["socket message"], "three a task: submitted, started, finished"),
    ]


def idle(family: dict[str, dict[str, Any]], types: int) -> list[Line]:
    """A month in which nothing happens, with the template's own parameters."""
    kinds = [one["Type"] for each in family.values() for one in each["Resources"].values()]
    endpoints = kinds.count("AWS::EC2::VPCEndpoint")
    alarms = kinds.count("AWS::CloudWatch::Alarm")
    metrics = METRICS_IN_ALL + types * METRICS_PER_TYPE
    storage = int(family["infrastructure/database.yaml"]["Resources"]["Postgres"]["Properties"]["AllocatedStorage"])
    instance = family["template.yaml"]["Parameters"]["DatabaseInstanceClass"]["Default"]
    secrets = _secrets(family)
    polls = 5 * 2 * HOURS * 3600 / 20  # five pollers a queue, each asks every 20 s
    return [
        Line(
            "Postgres",
            PRICES[f"{instance} hour"] * HOURS + storage * PRICES["gp3 GB month"],
            f"{instance}, {storage} GB",
        ),
        Line(
            "route to the internet",
            (PRICES["nat hour"] + PRICES["public address hour"]) * HOURS,
            "one NAT gateway and its address",
        ),
        Line("endpoints", endpoints * 2 * PRICES["interface endpoint hour"] * HOURS, f"{endpoints} in two zones"),
        Line("metrics", metrics * PRICES["custom metric month"], f"at most {metrics}, with {types} task types in use"),
        Line("alarms and dashboard", alarms * PRICES["alarm month"] + PRICES["dashboard month"], f"{alarms} alarms"),
        Line("queues", polls * PRICES["sqs request"], f"{polls:,.0f} empty polls"),
        Line(
            "sweeper",
            HOURS * 60 * (PRICES["lambda request"] * 2 + PRICES["sqs request"]),
            "once a minute, with one request to the dead-letter queue",
        ),
        Line(
            "secrets", secrets * PRICES["secret month"], f"{secrets}: database logins, the schema owner's, token keys"
        ),
    ]


def _secrets(family: dict[str, dict[str, Any]]) -> int:
    """Those of the templates that every deployment has, and the one that RDS makes."""
    resources = [one for each in family.values() for one in each["Resources"].values()]
    made = [one for one in resources if one["Type"] == "AWS::SecretsManager::Secret" and "Condition" not in one]
    return len(made) + 1


def sheet() -> str:
    family = templates.family(ROOT / "template.yaml")
    template = family["template.yaml"]
    measured = json.loads(MEASURED.read_text())
    shared = template["Globals"]["Function"]["MemorySize"]
    functions = {n: one for n, one in template["Resources"].items() if one["Type"] == "AWS::Serverless::Function"}
    memory = {name: int(one["Properties"].get("MemorySize", shared)) for name, one in functions.items()}
    parts = [
        "# Cost",
        "",
        NOTE,
        "",
        "The module `tools/quality/cost.py` contains all prices and assumptions."
        f" {measured['how']} Prices: AWS's public list in us-east-1 without the free tier, written from memory as of"
        f" {PRICES_AS_OF} and not fetched. The price of AppConfig's reads is not included.",
        "",
    ]
    cases = {
        title: per_million(measured, memory, architecture, batch)
        for title, architecture, batch in (
            ("A million tasks, one at a time", "x86_64", 1),
            ("A million tasks, in full batches", "x86_64", 10),
            ("One at a time on arm64 (`Architecture=arm64`)", "arm64", 1),
            ("In full batches on arm64", "arm64", 10),
        )
    }
    parts += _against_goal(cases)
    for title, lines in cases.items():
        parts += _table(title, lines)
    month = idle(family, types=measured["types"])
    parts += _table("An idle month with the template's defaults", month)
    parts += _parameters()
    return "\n".join(parts) + "\n"


def unwatched(lines: list[Line]) -> float:
    return sum(line.dollars for line in lines if not line.what.endswith("*"))


def _against_goal(cases: dict[str, list[Line]]) -> list[str]:
    """The totals side by side, and which of them stay within the goal."""

    def judged(dollars: float) -> str:
        return f"{dollars:.2f} {'within' if round(dollars, 2) <= GOAL else 'over'}"

    rows = [
        f"| {title} | {judged(unwatched(lines))} | {judged(sum(line.dollars for line in lines))} |"
        for title, lines in cases.items()
    ]
    return [
        f"## Compared with ${GOAL:.2f} a million",
        "",
        "| $ a million tasks, without database and network | unwatched | all watched |",
        "|---|---|---|",
        *rows,
        "",
        "Watched tasks cost more because each frame to a browser is billed as a WebSocket message: three a task.",
        "The time of the handler is not included:"
        f" $ {PRICES['lambda GB-second x86_64'] * 1e6 / 10:.2f} a million for each 100 ms at 1024 MB.",
        "",
    ]


def measure() -> None:
    """Median milliseconds of warm invocations by function, and bytes logged a task."""
    stack = Layout.from_environment().read_stack()
    place: dict[str, Any] = {"endpoint_url": stack["aws_endpoint_url"], "region_name": stack["region"]}
    logs: Any = boto3.client(
        "logs",
        **place,
        aws_access_key_id=AWS_KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=AWS_KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    took: dict[str, list[float]] = defaultdict(list)
    size = tasks = 0
    types = set()
    for line in _lines(logs):
        said = json.loads(line)
        size += len(line) + EVENT_BYTES if said.get("level") != "DEBUG" else 0
        if said.get("message") == "invocation done" and said.get("route", "/api/tasks") == "/api/tasks":
            took[said["function"].split("-")[-2]].append(said["milliseconds"])
        if said.get("message") == "task completed":
            tasks += 1
            types.add(said["task_type"])
    how = f"Durations: medians of a local stack, {tasks} tasks, each alone in its batch."
    found = {
        "how": how,
        "milliseconds": {name: round(statistics.median(each), 1) for name, each in sorted(took.items())},
        "log_bytes": round(size / max(tasks, 1)) + ACCESS_LOG_BYTES,
        "types": max(len(types), 7),
    }
    MEASURED.write_text(json.dumps(found, indent=2) + "\n")


def _lines(logs: Any) -> Iterator[str]:
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
            for event in page["events"]:
                yield from (line for line in event["message"].splitlines() if line.startswith("{"))


def _table(title: str, lines: list[Line]) -> list[str]:
    rows = [f"| {line.what} | {line.dollars:.2f} | {line.how} |" for line in lines]
    total = sum(line.dollars for line in lines)
    always = unwatched(lines)
    sums = [f"| **all** | **{total:.2f}** | |"]
    if always != total:
        sums = [f"| **unwatched** | **{always:.2f}** | |", f"| **all watched (\\*)** | **{total:.2f}** | |"]
    return [f"## {title}", "", "| part | $ | how |", "|---|---:|---|", *rows, *sums, ""]


def _parameters() -> list[str]:
    proxy = 2 * PRICES["proxy vCPU hour"] * HOURS
    firewall = PRICES["web acl month"] + 3 * PRICES["web acl rule month"] + PRICES["secret month"]
    passing = PRICES["web acl request"] + PRICES["cloudfront request"] + PRICES["cloudfront function"]
    return [
        "## By parameter, a month",
        "",
        "| parameter | adds |",
        "|---|---:|",
        f"| `DatabaseMultiAz=true` | {PRICES['db.t4g.medium hour'] * HOURS + 50 * PRICES['gp3 GB month']:.2f} |",
        f"| `UseRdsProxy=true` | {proxy:.2f} |",
        "| `ExistingDatabaseSecretArn=…` | removes Postgres, the route to the internet and the endpoints |",
        f"| a socket that stays open all month | {PRICES['socket minute'] * 60 * HOURS:.2f} |",
        "| `OtlpEndpoint=…` | the price of the collector |",
        f"| `CollectorLayerArn=…` | {1e6 * PRICES['trace']:.2f} a million traces, and the collector's time |",
        f"| `WebAclArn=…` with three rules | {firewall:.2f}, and {1e6 * passing:.2f} a million requests |",
        f"| `KmsKeyArn=…` | {PRICES['key month']:.2f}, and {1e6 * PRICES['key request']:.2f} a million uses:"
        " one for a queue in five minutes, one for a secret that is read |",
    ]


def _ms(measured: dict[str, Any], name: str, memory: dict[str, int]) -> str:
    return f"{measured['milliseconds'][name]} ms at {memory[name]} MB"


if __name__ == "__main__":
    measure()
    say("Next: make reference")
