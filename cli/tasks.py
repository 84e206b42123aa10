"""Tasks of all owners."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import typer

from cli.session import Exit, Session
from cli.show import AsJson, ago, as_json, failure, out, status, table

app = typer.Typer(no_args_is_help=True, help="Look at tasks of all owners, cancel and retry them.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The task's id.")]
STATUSES = ("pending", "processing", "completed", "failed", "dead-letter", "cancelled")
FINAL = STATUSES[2:]


def _complete_status(incomplete: str) -> list[str]:
    return [each for each in STATUSES if each.startswith(incomplete)]


@app.command("list")
def list_tasks(
    context: typer.Context,
    owner: Annotated[str | None, typer.Option(help="Only this owner's.")] = None,
    state: Annotated[
        str | None, typer.Option("--status", help=", ".join(STATUSES), autocompletion=_complete_status)
    ] = None,
    type: Annotated[str | None, typer.Option(help="Only of this type.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    json: AsJson = False,
) -> None:
    """Newest first."""
    session: Session = context.obj
    found = list(session.pages("/ops/tasks", limit, owner=owner, status=state, type=type))
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
            ago(task["createdAt"]),
            failure(task["errorDetail"]),
        )
        for task in found
    ]
    out.print(table(("id", "type", "status", "#tries", "owner", "age", "error"), rows))


@app.command()
def show(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """One task with its history, children, and why it is where it is."""
    session: Session = context.obj
    task = session.get(f"/ops/tasks/{id}")
    if json:
        as_json(task)
        return
    out.print(f"[bold]{task['type']}[/] {status(task['status'])}  {task['id']}")
    out.print(f"owner {task['owner']}   trace {task['traceId']}   tries {task['attempts']}/{task['maxAttempts']}")
    out.print(f"[bold]why[/]  {task['why']['message']}")
    if task["errorDetail"]:
        out.print(f"[red]{failure(task['errorDetail'])}[/]  fingerprint {task['errorDetail'].get('fingerprint')}")
    out.print(_history(task["events"]))
    if task["children"]:
        rows = [(child["id"], child["type"], status(child["status"])) for child in task["children"]]
        out.print(table(("child", "type", "status"), rows))


@app.command()
def tail(
    context: typer.Context,
    id: Id,
    every: Annotated[float, typer.Option(help="Seconds between looks.", min=0.1)] = 1.0,
    json: AsJson = False,
) -> None:
    """Follow a task until it is over; exit code 6 unless it completed."""
    session: Session = context.obj
    seen, pause = 0, threading.Event()
    while True:
        task = session.get(f"/ops/tasks/{id}")
        for event in (each for each in task["events"] if each["seq"] > seen):
            seen = event["seq"]
            if json:
                as_json(event)
            else:
                out.print(_line(event))
        if task["status"] in FINAL:
            raise typer.Exit(0 if task["status"] == "completed" else Exit.ENDED_BADLY)
        pause.wait(every)


@app.command()
def cancel(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """End a task that is not over; nothing of it commits."""
    _say(context.obj.post(f"/ops/tasks/{id}/cancel"), json)


@app.command()
def retry(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """Give a dead letter its attempts anew."""
    _say(context.obj.post(f"/ops/tasks/{id}/retry"), json)


def why(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """Why a task does not run, in one sentence."""
    session: Session = context.obj
    reason = session.get(f"/ops/tasks/{id}")["why"]
    if json:
        as_json(reason)
        return
    out.print(f"[bold]{reason['reason']}[/]  {reason['message']}")


def _say(task: dict[str, Any], json: bool) -> None:
    if json:
        as_json(task)
    else:
        out.print(f"{task['type']} {task['id']} is {status(task['status'])}.")


def _history(events: list[dict[str, Any]]) -> Any:
    rows = [(event["seq"], event["createdAt"], event["kind"], event["attempts"], _words(event)) for event in events]
    return table(("#seq", "at", "event", "#try", ""), rows)


def _line(event: dict[str, Any]) -> str:
    return f"[dim]{event['createdAt']}[/] {event['seq']:>4} [bold]{event['kind']}[/] {_words(event)}"


def _words(event: dict[str, Any]) -> str:
    data = event["data"] or {}
    if data.get("error"):
        return failure(data["error"])
    if data.get("progress"):
        return str(data["progress"].get("message", ""))
    return " ".join(f"{name}={value}" for name, value in data.items() if not isinstance(value, dict | list))
