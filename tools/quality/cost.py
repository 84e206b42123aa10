"""The cost of a deployment from the templates, measured durations and a price list: docs/explanation/cost.md.

`make reference` writes the page. `python -m tools.quality.cost` measures the durations again, from the logs of the
running local stack.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import boto3

from tools.local_stack.stack_config import AWS_KEYS, Layout
from tools.progress import say
from tools.quality.monthly_cost import (
    GOAL,
    HOURS,
    LARGEST_BATCH,
    LOADS,
    MEASURED,
    METRICS_PER_TYPE,
    PAGE_SECONDS,
    PING_SECONDS,
    PROFILES,
    WATCHED_GOAL,
    Line,
    idle,
    idle_of,
    left_behind,
    memory,
    month,
    operators_month,
    per_million,
    requests_alone,
    smallest_batch,
    socket_month,
    total,
)
from tools.quality.prices import PRICES, price
from tools.quality.reference.markdown import NOTE

#: CloudWatch bills each log event with so much beside its text; the gateway, which writes none locally, adds its line.
EVENT_BYTES, ACCESS_LOG_BYTES = 26, 250


def sheet() -> str:
    measured = json.loads(MEASURED.read_text())
    parts = [
        "# Cost",
        "",
        NOTE,
        "",
        "Computed from the templates, `tools/quality/measured.json` and the prices at the end, which name their source"
        f" and date. {measured['how']}",
        "",
        *_profiles(),
    ]
    cases = {
        title: per_million(measured, memory(), architecture, batch, together)
        for title, architecture, batch, together in (
            ("A million tasks, one at a time", "x86_64", 1, 1),
            ("A million tasks, in full batches", "x86_64", LARGEST_BATCH, 1),
            ("In full batches, submitted ten together (`POST /api/tasks/batch`)", "x86_64", LARGEST_BATCH, 10),
            ("One at a time on arm64 (`Architecture=arm64`)", "arm64", 1, 1),
            ("In full batches on arm64", "arm64", LARGEST_BATCH, 1),
        )
    }
    parts += _against_goal(measured, cases)
    for title, lines in cases.items():
        parts += _table(title, lines)
    for profile in PROFILES:
        parts += _table(f"A month of nothing: `{profile}`", idle(profile))
    parts += [*_parameters(), "", *_sources()]
    return "\n".join(parts) + "\n"


def _profiles() -> list[str]:
    """Return the cost of a month by profile and load."""
    header = "| profile | idle | 1 million tasks | all watched | 100 million tasks | all watched |"
    rows = []
    for profile in PROFILES:
        dollars = [sum(line.dollars for line in idle(profile))]
        dollars += [month(profile, tasks, watched=watched) for tasks in LOADS for watched in (False, True)]
        rows.append(f"| `{profile}` | " + " | ".join(f"{each:,.2f}" for each in dollars) + " |")
    return [
        "## A month, by profile",
        "",
        "$ a month, everything included but the time of the agents' own handlers. Profiles are environments of"
        " `samconfig.toml`; `default` is the template as it stands.",
        "",
        header,
        "|---|---:|---:|---:|---:|---:|",
        *rows,
        "",
        "100 million tasks a month are 38 a second. The instance of `small` does not bear that: beyond its baseline"
        f" (10 % of a vCPU) each vCPU hour is billed ${price('t4g vCPU hour beyond baseline'):.3f}; `CreditsAlarm` of"
        " `Watch=full` rings.",
        "",
    ]


def _sources() -> list[str]:
    rows = [
        f"| {name} | {one.dollars:.10f}".rstrip("0").rstrip(".") + f" | {one.source} | {one.as_of} |"
        for name, one in PRICES.items()
    ]
    return [
        "## Prices",
        "",
        "US dollars in us-east-1, on demand, without the free tier. No price was fetched: most were written down from"
        " memory of the named page, as the source says. Check a price before a decision that depends on it.",
        "",
        "| unit | $ | source | as of |",
        "|---|---:|---|---|",
        *rows,
    ]


def _against_goal(measured: dict[str, Any], cases: dict[str, list[Line]]) -> list[str]:
    """Return the totals side by side, those within the goals, and the mean batch from which they are."""

    def judged(lines: list[Line], goal: float, *, watched: bool) -> str:
        dollars = total(lines, watched=watched)
        return f"{dollars:.2f} {'within' if round(dollars, 2) <= goal else 'over'}"

    rows = [
        f"| {title} | {judged(lines, GOAL, watched=False)} | {judged(lines, WATCHED_GOAL, watched=True)} |"
        for title, lines in cases.items()
    ]
    return [
        f"## Against ${GOAL:.2f} a million, and ${WATCHED_GOAL:.2f} when all are watched",
        "",
        "| $ a million tasks, without database and network | nobody watches | all watched |",
        "|---|---|---|",
        *rows,
        "",
        *_batches_that_meet_them(measured),
        "API Gateway bills each frame to a browser. A push sends one frame for the events of a task that it reads"
        f" together: {measured['frames']:.2f} a task, where handlers are quick. A task that runs longer than 25 ms has"
        " two or more.",
        "The time of the handler is not included:"
        f" $ {price('lambda GB second x86_64') * 1e6 / 10:.2f} a million for each 100 ms at 1024 MB.",
        "",
    ]


def _batches_that_meet_them(measured: dict[str, Any]) -> list[str]:
    unseen, seen = (
        smallest_batch(measured, "x86_64", goal, watched=watched)
        for goal, watched in ((GOAL, False), (WATCHED_GOAL, True))
    )
    alone, batched = (requests_alone(measured, "x86_64", batch, watched=True) for batch in (1, LARGEST_BATCH))
    return [
        f"A mean batch of {unseen} messages meets the first goal, and one of {seen} the second. The mean batch of a"
        " stack is `NumberOfMessagesReceived` of its task queue divided by `Invocations` of its worker.",
        f"The requests of a million watched tasks alone cost ${alone:.2f} one at a time, and ${batched:.2f} in full"
        " batches. Time, memory and log lines come on top"
        " ([decision 141](../decisions/0141-the-price-goals-are-met-in-batches.md)).",
        "",
    ]


def measure() -> None:
    """Median milliseconds of warm invocations by function, and bytes logged a task."""
    stack = Layout.from_environment().read_stack()
    client_options: dict[str, Any] = {"endpoint_url": stack["aws_endpoint_url"], "region_name": stack["region"]}
    logs: Any = boto3.client(
        "logs",
        **client_options,
        aws_access_key_id=AWS_KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=AWS_KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    took: dict[str, list[float]] = defaultdict(list)
    size = tasks = 0
    types = set()
    for line in _lines(logs):
        entry = json.loads(line)
        size += len(line) + EVENT_BYTES if entry.get("level") != "DEBUG" else 0
        if entry.get("message") == "invocation done" and entry.get("route", "/api/tasks") == "/api/tasks":
            took[entry["function"].split("-")[-2]].append(entry["milliseconds"])
        if entry.get("message") == "task completed":
            tasks += 1
            types.add(entry["task_type"])
    how = f"Durations: medians of a local stack, {tasks} tasks, each alone in its batch."
    found = {
        **json.loads(MEASURED.read_text()),  # frames: `python -m tools.bench.live`; database: `tools.bench.retention`
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


def _added(**parameters: str) -> float:
    """Return dollars that parameters add to an idle month of the template as it stands."""
    return sum(line.dollars for line in idle_of(parameters)) - sum(line.dollars for line in idle_of({}))


def _table(title: str, lines: list[Line]) -> list[str]:
    rows = [f"| {line.title} | {line.dollars:.2f} | {line.how} |" for line in lines]
    always, everything = (total(lines, watched=watched) for watched in (False, True))
    sums = [f"| **all** | **{everything:.2f}** | |"]
    if always != everything:
        sums = [f"| **nobody watches** | **{always:.2f}** | |", f"| **all watched (\\*)** | **{everything:.2f}** | |"]
    return [f"## {title}", "", "| part | $ | how |", "|---|---:|---|", *rows, *sums, ""]


def _parameters() -> list[str]:
    proxy = 2 * price("proxy vCPU hour") * HOURS
    firewall = price("web acl month") + 3 * price("web acl rule month")
    passing = price("web acl request") + price("cloudfront request") + price("cloudfront function")
    return [
        "## By parameter, a month",
        "",
        "| parameter | adds |",
        "|---|---:|",
        f"| `DatabaseMultiAz=true` | {_added(DatabaseMultiAz='true'):.2f}: an instance, and endpoints in its zone |",
        f"| `UseRdsProxy=true` | {proxy:.2f} |",
        "| `ExistingDatabaseSecretArn=…` | takes Postgres, the way out and the endpoints away |",
        f"| the nested stack `Database`, which stays after `sam delete` | {left_behind():.2f} |",
        f"| an operators' page that is visible 40 hours a week | {operators_month():.2f}: it reads twice in"
        f" {PAGE_SECONDS} s |",
        f"| a socket that stays open all month | {socket_month():.2f}: mostly its pings, one in {PING_SECONDS} s |",
        "| `MonthlyBudget=…` | nothing |",
        f"| a type of task, with `Watch=full` | {METRICS_PER_TYPE * price('custom metric month'):.2f},"
        " for the hours in which it is used |",
        "| `OtlpEndpoint=…` | the price of the collector |",
        f"| `CollectorLayerArn=…` | {1e6 * price('trace'):.2f} a million traces, and the collector's time |",
        f"| `WebAclArn=…` with three rules | {firewall:.2f}, and {1e6 * passing:.2f} a million requests |",
        f"| `KmsKeyArn=…` | {price('key month'):.2f}, and {1e6 * price('key request'):.2f} a million uses:"
        " one for a queue in five minutes, one for a secret that is read |",
    ]


if __name__ == "__main__":
    measure()
    say("Next: make reference")
