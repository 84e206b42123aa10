"""Cancel tasks: one by its id at once, many after a preview."""

from __future__ import annotations

import threading
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from orchestrator_cli import completion
from orchestrator_cli.ids import Ids
from orchestrator_cli.session import Exit, Refusal, Session, fail
from orchestrator_cli.show import AsJson, Yes, ago, as_json, confirm, out, print_task, say, status, table, unasked

LIVING = ("pending", "processing")
STATES = ("due", "scheduled", "retrying", "waiting", "processing", "parked")
#: Calls in a row that may cancel nothing although tasks are left: other transactions lock them at that moment.
PATIENCE = 5
#: Seconds between two of these.
PACE = 1.0


def cancel(  # noqa: PLR0913, PLR0917 - typer makes each argument an option; the filter has eight
    context: typer.Context,
    ids: Ids = None,
    owner: Annotated[str | None, typer.Option(help="All of this owner.")] = None,
    status_: Annotated[
        str | None, typer.Option("--status", help=", ".join(LIVING), autocompletion=completion.one_of(*LIVING))
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(help=f"All that wait for this: {', '.join(STATES)}.", autocompletion=completion.one_of(*STATES)),
    ] = None,
    type: Annotated[str | None, typer.Option(help="All of this type.", autocompletion=completion.types)] = None,
    since: Annotated[str | None, typer.Option(help="Submitted since: a moment, or how long ago (15m, 1h, 7d).")] = None,
    until: Annotated[
        str | None, typer.Option(help="The same; tasks submitted after the preview are never included.")
    ] = None,
    trace: Annotated[str | None, typer.Option(help="All of this trace.")] = None,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", "-f", help="All that failed like this; - for none.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Kept with each task and in the audit trail; needed for more than one.")
    ] = None,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """End tasks that are not over; nothing of them commits. Exit code 6 when some are left."""
    session: Session = context.obj
    options = {"owner": owner, "status": status_, "state": state, "type": type, "trace": trace}
    choice = {**options, "fingerprint": fingerprint, "since": since, "until": until}
    chosen = {name: value for name, value in {"ids": ids or None, **choice}.items() if value}
    if ids and len(ids) == 1 and len(chosen) == 1 and reason is None:
        print_task(session.post(f"/ops/tasks/{quote(ids[0], safe='')}/cancel"), json)
        return
    if not chosen:
        raise typer.BadParameter("say which: ids, or --type, --owner, --status, --state, --since and the like")
    if not reason:
        raise typer.BadParameter("it is needed for more than one task", param_hint="--reason")
    would = _preview_and_ask(session, chosen, yes=yes, json=json)
    meant = {name: would[name] for name in ("since", "until") if would[name]}
    done, left = _cancel(session, {**chosen, **meant, "reason": reason}, would["total"], quiet=json)
    if json:
        as_json({"cancelled": done, "more": left})
    else:
        say(f"{done:,} {'task is' if done == 1 else 'tasks are'} cancelled.")
    if left:
        fail(Exit.ENDED_BADLY, "Other transactions lock the remaining tasks; run it again for the rest.")


def _preview_and_ask(session: Session, chosen: dict[str, Any], *, yes: bool, json: bool) -> dict[str, Any]:
    """Show the tasks that would end and ask."""
    unasked(yes, json)
    would: dict[str, Any] = session.post("/ops/tasks/cancel", {**chosen, "preview": True})["wouldEnd"]
    if not would["total"]:
        fail(Exit.NOT_FOUND, "No task that is not over fits.")
    if not json:
        _show(would)
    confirm(f"Cancel {would['total']:,} tasks for good?", yes, where=session.where)
    return would


def _cancel(session: Session, body: dict[str, Any], total: int, *, quiet: bool) -> tuple[int, bool]:
    """Cancel page by page until no task fits. Return the number, and whether locks of others kept some from ending."""
    done, idle, more, pause = 0, 0, True, threading.Event()
    try:
        with Progress(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=out, disable=quiet) as progress:
            bar = progress.add_task("", total=total)
            while more and idle < PATIENCE:
                if idle:
                    pause.wait(PACE)
                answer = session.post("/ops/tasks/cancel", body)
                done, more = done + answer["cancelled"], answer["more"]
                idle = 0 if answer["cancelled"] else idle + 1
                progress.update(bar, completed=done)
    except (KeyboardInterrupt, Refusal):
        typer.echo(f"{done:,} of {total:,} tasks are known to be cancelled; run it again for the rest.", err=True)
        raise
    return done, more


def _show(would: dict[str, Any]) -> None:
    rows = [(group["type"], status(group["status"]), group["count"]) for group in would["groups"]]
    out.print(table(("type", "status", "#count"), rows))
    if would["descendants"]:
        say(f"{would['descendants']:,} of them because an ancestor is.")
    owners = f"{would['owners']:,} {'owner' if would['owners'] == 1 else 'owners'}"
    example = would["example"]
    say(f"Of {owners}, submitted {ago(would['oldest'])} to {ago(would['newest'])} ago; the newest is {example['id']}.")
