"""Recurring tasks of all owners and of the system."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any

import typer

from orchestrator_cli import completion
from orchestrator_cli.ids import Id
from orchestrator_cli.session import Exit, Session, fail
from orchestrator_cli.show import AsJson, Yes, as_json, confirm, out, say, table

app = typer.Typer(no_args_is_help=True, help="List, create, pause, resume and delete recurring tasks.")


@app.command("list")
def list_schedules(
    context: typer.Context,
    owner: Annotated[
        str | None, typer.Option(help="Only this owner's; `system` for those that agents declare.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    json: AsJson = False,
) -> None:
    """Newest first."""
    session: Session = context.obj
    found = list(session.pages("/ops/schedules", limit, owner=owner))
    if json:
        as_json(found)
        return
    rows = [
        (each["id"], each["type"], _rhythm(each), "paused" if each["paused"] else each["nextAt"], each["owner"])
        for each in found
    ]
    out.print(table(("id", "type", "when", "next", "owner"), rows))


@app.command()
def show(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """One recurring task, and why it does not run now."""
    found = context.obj.get(f"/ops/schedules/{id}")
    if json:
        as_json(found)
        return
    _print(found)
    say(("why", "bold"), f"  {found['why']['message']}")
    if found["lastTaskId"]:
        say(f"last task {found['lastTaskId']}")


@app.command()
def create(
    context: typer.Context,
    type: Annotated[str, typer.Argument(metavar="TYPE", autocompletion=completion.types)],
    cron: Annotated[str | None, typer.Option(help="Minute, hour, day, month and weekday, such as '0 7 * * *'.")] = None,
    every: Annotated[int | None, typer.Option(help="Seconds between two runs, instead of a cron expression.")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA time zone of the cron expression.")] = "UTC",
    payload: Annotated[str, typer.Option(help="The payload of each run as JSON.")] = "{}",
    owner: Annotated[str, typer.Option(help="The owner of the runs.")] = "system",
    overlap: Annotated[str, typer.Option(help="allow, or skip a run while the last one is unfinished.")] = "allow",
    json: AsJson = False,
) -> None:
    """Create a recurring task."""
    body = {"type": type, "timeZone": time_zone, "overlap": overlap, "owner": owner, "payload": _parsed(payload)}
    rhythm = {name: value for name, value in (("cron", cron), ("every", every)) if value is not None}
    _answer(context.obj.post("/ops/schedules", {**body, **rhythm}), json)


@app.command()
def pause(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """Run a recurring task no more until it is resumed."""
    _answer(context.obj.post(f"/ops/schedules/{id}/pause"), json)


@app.command()
def resume(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """Run a paused recurring task again; missed runs are not made up for."""
    _answer(context.obj.post(f"/ops/schedules/{id}/resume"), json)


@app.command()
def delete(context: typer.Context, id: Id, yes: Yes = False) -> None:
    """Delete a recurring task; the tasks of its runs stay."""
    session: Session = context.obj
    found = session.get(f"/ops/schedules/{id}")
    confirm(f"Delete {found['type']} of {found['owner']}, {_rhythm(found)}?", yes, where=session.where)
    session.send("DELETE", f"/ops/schedules/{id}")
    say(f"Deleted {id}.")


def _parsed(payload: str) -> Any:
    try:
        return json_format.loads(payload)
    except ValueError:
        fail(Exit.REFUSED, '--payload must be JSON, such as \'{"city": "Rome"}\'.')


def _answer(schedule: dict[str, Any], json: bool) -> None:
    as_json(schedule) if json else _print(schedule)


def _print(schedule: dict[str, Any]) -> None:
    state = "paused" if schedule["paused"] else f"next {schedule['nextAt']}"
    declared = "  declared by its agent" if schedule["declared"] else ""
    say((schedule["type"], "bold"), f"  {schedule['id']}")
    say(f"owner {schedule['owner']}   {_rhythm(schedule)}   {state}   overlap {schedule['overlap']}{declared}")


def _rhythm(schedule: dict[str, Any]) -> str:
    if schedule["cron"]:
        return f"{schedule['cron']} in {schedule['timeZone']}"
    return f"every {schedule['every']} s"
