"""Redrives that take their time: listed, followed to their end, stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from orchestrator_cli.session import Exit, Refusal, Session, fail
from orchestrator_cli.show import AsJson, ago, as_json, out, say, table

#: A redrive as the API shows it.
Redrive = dict[str, Any]

Id = Annotated[str, typer.Argument(metavar="ID", help="The redrive's id.")]

#: Seconds between two polls.
PACE = 1.0


def list_redrives(context: typer.Context, json: AsJson = False) -> None:
    """Show redrives in stages or at a rate, the newest first."""
    found = context.obj.get("/ops/redrives")
    if json:
        as_json(found)
        return
    rows = [
        (
            each["id"],
            each["state"],
            _how(each),
            f"{each['released']:,} of {each['total']:,}",
            each["reason"] or _waits(each),
            each["actor"],
            ago(each["createdAt"]),
        )
        for each in found["items"]
    ]
    out.print(table(("id", "state", "how", "#released", "", "by", "age"), rows))


def follow(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """Watch a redrive to its end; exit code 6 when it was stopped."""
    session: Session = context.obj
    going = _advance(session, id)
    try:
        with bar(going["total"], quiet=json) as show:
            show(going["released"], going)
            for now in watch(session, going):
                going = now
                show(now["released"], now)
    except (KeyboardInterrupt, Refusal):
        report_it_goes_on(going)
        raise
    if json:
        as_json(going)
    end(going)


def stop(context: typer.Context, id: Id, json: AsJson = False) -> None:
    """Stop a redrive; tasks that it returned to pending run on."""
    stopped = context.obj.post(f"/ops/redrives/{id}/stop")
    if json:
        as_json(stopped)
        return
    left = stopped["total"] - stopped["released"]
    released = f"{stopped['open']:,} of those returned to pending run on"
    say(f"Stopped: {left:,} of {stopped['total']:,} stay dead letters, {released}.")


def watch(session: Session, going: Redrive) -> Iterator[Redrive]:
    """Advance a redrive and show it each time, until it has ended."""
    pause = threading.Event()
    while going["state"] == "running":
        pause.wait(PACE)
        going = _advance(session, going["id"])
        yield going


@contextmanager
def bar(total: int, *, quiet: bool) -> Iterator[Callable[[int, Redrive | None], None]]:
    """Show how many of `total` were returned to pending, and why the last redrive waits."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=out, disable=quiet) as progress:
        moved = progress.add_task("", total=total)

        def show(done: int, going: Redrive | None) -> None:
            progress.update(moved, completed=done, description=_waits(going) if going else "")

        yield show


def report_it_goes_on(going: Redrive) -> None:
    """Print how to follow a redrive that has not ended."""
    if going["state"] == "running":
        typer.echo("It goes on: the sweeper moves it on every minute.", err=True)
        typer.echo(f"  watch it:  orchestrator dead-letters follow {going['id']}", err=True)
        typer.echo(f"  stop it:   orchestrator dead-letters stop {going['id']}", err=True)


def end(going: Redrive) -> None:
    """Exit with a message and a code where the redrive was stopped."""
    if going["state"] == "stopped":
        runs_on = f" {going['open']:,} of those returned to pending run on." if going["open"] else ""
        see = f"\nSee orchestrator tasks show {going['failedTask']}" if going["failedTask"] else ""
        fail(Exit.ENDED_BADLY, f"Stopped: {going['reason']}{runs_on}{see}")


def _advance(session: Session, id: str) -> Redrive:
    answer: Redrive = session.post(f"/ops/redrives/{id}/advance")
    return answer


def _how(going: Redrive) -> str:
    rate = f"{going['rate']:g} a second" if going["rate"] else ""
    return ", ".join(part for part in ("in stages" if going["canary"] else "", rate) if part)


def _waits(going: Redrive) -> str:
    return f"{going['open']:,} not over, one is {going['waitingFor']}" if going["open"] else ""
