"""Tasks of all owners."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import typer
from rich.text import Text

from orchestrator_cli import bulk_cancel, completion
from orchestrator_cli.completion import STATUSES
from orchestrator_cli.ids import Id, hyphenated
from orchestrator_cli.session import Exit, Refusal, Session, fail
from orchestrator_cli.show import AsJson, ago, as_json, facts, failure, line, out, print_task, say, status, table
from orchestrator_cli.watch import PATIENCE, poll, report_silence

app = typer.Typer(no_args_is_help=True, help="Show tasks of all owners, cancel and retry them.")
app.command()(bulk_cancel.cancel)

Reference = Annotated[str, typer.Argument(metavar="ID", help="The task's id, or the trace that somebody quotes.")]
STATES = ("due", "scheduled", "retrying", "waiting", "processing", "parked", "dead")
#: Tasks of one trace that are explained.
MOST_OF_A_TRACE = 20
FINAL = STATUSES[2:]


@app.command("list")
def list_tasks(
    context: typer.Context,
    owner: Annotated[str | None, typer.Option(help="Only this owner's.")] = None,
    status_: Annotated[
        str | None, typer.Option("--status", help=", ".join(STATUSES), autocompletion=completion.one_of(*STATUSES))
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(help=f"The reason why it waits: {', '.join(STATES)}.", autocompletion=completion.one_of(*STATES)),
    ] = None,
    type: Annotated[str | None, typer.Option(help="Only of this type.", autocompletion=completion.types)] = None,
    since: Annotated[str | None, typer.Option(help="A moment, or how long ago: 15m, 1h, 7d.")] = None,
    until: Annotated[str | None, typer.Option(help="The same.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="By the end instead of the submit, the last first.")] = False,
    trace: Annotated[str | None, typer.Option(help="Only of this trace.")] = None,
    fingerprint: Annotated[str | None, typer.Option("--fingerprint", "-f", help="Only with this failure.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    json: AsJson = False,
) -> None:
    """Newest first."""
    session: Session = context.obj
    which = {"owner": owner, "status": status_, "state": state, "type": type, "trace": trace}
    when = {"since": since, "until": until, "order": "ended" if ended else None}
    found = list(session.pages("/ops/tasks", limit, **which, **when, fingerprint=fingerprint))
    if json:
        as_json(found)
        return
    rows = [
        (
            task["id"],
            task["type"],
            status(task["status"]),
            f"{task['attempts']}/{task['maxAttempts']}",
            task["owner"],
            ago(task["finishedAt"] if ended else task["createdAt"]),
            failure(task["errorDetail"]),
        )
        for task in found
    ]
    out.print(table(("id", "type", "status", "#tries", "owner", "ended" if ended else "age", "error"), rows))


@app.command()
def show(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """One task with its history, children, and why it is where it is."""
    session: Session = context.obj
    task = session.get(_path(id))
    if json:
        as_json(task)
        return
    say((task["type"], "bold"), " ", status(task["status"]), f"  {task['id']}")
    say(f"owner {task['owner']}   trace {task['traceId']}   tries {task['attempts']}/{task['maxAttempts']}")
    say(("why", "bold"), f"  {task['why']['message']}")
    if task.get("uniqueKey"):
        say(("unique", "bold"), f"  {task['uniqueKey']}")
    if task["errorDetail"]:
        say((failure(task["errorDetail"]), "red"), f"  fingerprint {task['errorDetail'].get('fingerprint')}")
    if task["eventsTruncated"]:
        say((f"the newest {len(task['events'])} events", "dim"))
    out.print(_history(task["events"]))
    if task["children"]:
        rows = [(child["id"], child["type"], status(child["status"])) for child in task["children"]]
        out.print(table(("child", "type", "status"), rows))
    for note in task["notes"]:
        say((note["createdAt"], "dim"), "  ", (note["actor"], "bold"), f"  {note['text']}")


@app.command()
def tail(
    context: typer.Context,
    id: Id,
    every: Annotated[float, typer.Option(help="Seconds between two reads.", min=0.1)] = 1.0,
    json: AsJson = False,
) -> None:
    """Follow a task until it is over; exit code 6 unless it completed. With --json a line for each event."""
    session: Session = context.obj
    seen: int | None = None

    def read() -> Any:
        return session.get(_path(id), after=seen)

    for task in poll(read, every, report_silence, patience=PATIENCE):
        is_whole = seen is None or not task["eventsTruncated"]
        if seen is None and task["eventsTruncated"]:
            typer.secho(f"The newest {len(task['events'])} events; there were more before.", err=True)
        for event in task["events"]:
            seen = event["seq"]
            if json:
                as_json(event, on_one_line=True)
            else:
                out.print(_line(event))
        if task["status"] in FINAL and is_whole:
            raise typer.Exit(0 if task["status"] == "completed" else Exit.ENDED_BADLY)


@app.command()
def retry(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """Give a dead letter its attempts anew."""
    print_task(context.obj.post(f"{_path(id)}/retry"), json)


@app.command()
def note(
    context: typer.Context,
    id: Id,
    text: Annotated[str, typer.Argument(help="For other operators; without personal data.")],
    json: AsJson = False,
) -> None:
    """Add a note for other operators to a task; it ends with the task."""
    session: Session = context.obj
    added = session.post(f"{_path(id)}/notes", {"text": text})
    if json:
        as_json(added)
        return
    say("Noted by ", (added["actor"], "bold"), ".")


def why(
    context: typer.Context,
    reference: Reference,
    since: Annotated[str, typer.Option(help="The age of the oldest tasks of a trace that are searched.")] = "7d",
    json: AsJson = False,
) -> None:
    """Why a task or a schedule does not run, in one sentence; of a trace, each of its tasks."""
    session: Session = context.obj
    if _is_trace(reference):
        _why_trace(session, reference, since, json)
        return
    reason = _reason(session, hyphenated(reference))
    if json:
        as_json(reason)
        return
    say((reason["reason"], "bold"), f"  {reason['message']}")


def _reason(session: Session, id: str) -> Any:
    try:
        return session.get(_path(id))["why"]
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        with suppress(Refusal):
            return session.get(f"/ops/schedules/{quote(id, safe='')}")["why"]
        raise


def _why_trace(session: Session, trace: str, since: str, json: bool) -> None:
    tasks = list(session.pages("/ops/tasks", MOST_OF_A_TRACE, trace=trace, since=since))
    if not tasks:
        fail(Exit.NOT_FOUND, f"No task within {since} has this trace. The logs may: docs/runbooks/README.md.")
    reasons = [
        {"id": task["id"], "type": task["type"], **session.get(f"/ops/tasks/{task['id']}")["why"]} for task in tasks
    ]
    if json:
        as_json(reasons)
        return
    for each in reasons:
        say(f"{each['id']} {each['type']}  ", (each["reason"], "bold"), f"  {each['message']}")


def _is_trace(reference: str) -> bool:
    """32 digits are an id without its hyphens only if they say so, and begin with a moment that has been."""
    if not re.fullmatch(r"[0-9a-fA-F]{32}", reference):
        return False
    id = UUID(reference)
    return id.version != 7 or not 1_500_000_000 < (id.int >> 80) / 1_000 < time.time() + 86_400


def _path(id: str) -> str:
    return f"/ops/tasks/{quote(id, safe='')}"


def _history(events: list[dict[str, Any]]) -> Any:
    rows = [
        (event["seq"], event["createdAt"], event["kind"], event["attempts"], _event_text(event)) for event in events
    ]
    return table(("#seq", "at", "event", "#try", ""), rows)


def _line(event: dict[str, Any]) -> Text:
    return line((event["createdAt"], "dim"), f" {event['seq']:>4} ", (event["kind"], "bold"), f" {_event_text(event)}")


def _event_text(event: dict[str, Any]) -> str:
    data = event["data"] or {}
    if data.get("error"):
        return failure(data["error"])
    if data.get("progress"):
        return str(data["progress"].get("message", ""))
    return facts({name: value for name, value in data.items() if not isinstance(value, dict | list)})
