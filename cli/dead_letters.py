"""Dead letters: what they have in common, moved with a look beforehand."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.session import Exit, Session, fail
from cli.show import AsJson, Yes, ago, as_json, confirm, failure, out, table

app = typer.Typer(no_args_is_help=True, help="See dead letters in groups; redrive or discard them.")

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Dead letters by id.")]
Type = Annotated[str | None, typer.Option(help="All of this type.")]
Fingerprint = Annotated[str | None, typer.Option("--fingerprint", "-f", help="All that failed alike.")]
Version = Annotated[str | None, typer.Option("--version", help="All whose last attempt ran this version.")]
All = Annotated[bool, typer.Option("--all", help="All there are.")]


@app.command("list")
def list_groups(
    context: typer.Context,
    type: Type = None,
    fingerprint: Fingerprint = None,
    version: Version = None,
    json: AsJson = False,
) -> None:
    """Groups of those that failed alike, the newest first."""
    session: Session = context.obj
    found = session.get("/ops/dead-letters", type=type, fingerprint=fingerprint, version=version)
    if json:
        as_json(found)
        return
    rows = [
        (
            group["fingerprint"] or "-",
            group["type"],
            group["version"],
            group["count"],
            group["owners"],
            f"{ago(group['firstSeen'])} - {ago(group['lastSeen'])} ago",
            failure(group["example"]["error"]),
        )
        for group in found["groups"]
    ]
    columns = ("fingerprint", "type", "version", "#count", "#owners", "seen", "error")
    out.print(table(columns, rows, title=f"{found['total']} dead letters"))


@app.command()
def preview(
    context: typer.Context,
    ids: Ids = None,
    type: Type = None,
    fingerprint: Fingerprint = None,
    version: Version = None,
    all: All = False,
    json: AsJson = False,
) -> None:
    """What a redrive or discard of these would move."""
    moved = _ask(context.obj, "redrive", {**_choice(ids, type, fingerprint, version, all), "dryRun": True})
    if json:
        as_json(moved)
        return
    out.print(f"{len(moved['ids'])} dead letters{' and more' if moved['more'] else ''} would move.")
    for id in moved["ids"][:20]:
        out.print(f"  {id}")


@app.command()
def redrive(
    context: typer.Context,
    ids: Ids = None,
    type: Type = None,
    fingerprint: Fingerprint = None,
    version: Version = None,
    all: All = False,
    canary: Annotated[
        bool, typer.Option(help="One, then a tenth, then the rest; stops when the failure comes back.")
    ] = True,
    rate: Annotated[float | None, typer.Option(help="Tasks a second.", min=0.001, max=1_000)] = None,
    wait: Annotated[bool, typer.Option(help="Watch a canary to its end; the sweeper moves it on otherwise.")] = True,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Give dead letters their attempts anew; exit code 6 when the failure came back."""
    session: Session = context.obj
    choice = _choice(ids, type, fingerprint, version, all)
    would = _ask(session, "redrive", {**choice, "dryRun": True})
    if not would["ids"]:
        fail(Exit.NOT_FOUND, "There is nothing to redrive.")
    if not json:
        confirm(f"Redrive {len(would['ids'])} dead letters?", yes)
    body = {**choice, "canary": canary and len(would["ids"]) > 1, **({"rate": rate} if rate else {})}
    moved = _ask(session, "redrive", body)
    if moved.get("redrive") and wait:
        moved["redrive"] = _watch(session, moved["redrive"], quiet=json)
    if json:
        as_json(moved)
    elif not moved.get("redrive"):
        out.print(f"{len(moved['ids'])} dead letters run again{', more are left' if moved['more'] else ''}.")
    if moved.get("redrive") and moved["redrive"]["state"] == "stopped":
        fail(Exit.ENDED_BADLY, f"Stopped: {moved['redrive']['reason']}")


@app.command()
def discard(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Kept with each task and in the audit trail.")],
    ids: Ids = None,
    type: Type = None,
    fingerprint: Fingerprint = None,
    version: Version = None,
    all: All = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Give dead letters up for good."""
    session: Session = context.obj
    choice = _choice(ids, type, fingerprint, version, all)
    would = _ask(session, "discard", {**choice, "dryRun": True})
    if not json:
        confirm(f"Discard {len(would['ids'])} dead letters for good?", yes)
    moved = _ask(session, "discard", {**choice, "reason": reason})
    if json:
        as_json(moved)
    else:
        out.print(f"{len(moved['ids'])} dead letters are given up.")


def _watch(session: Session, redrive: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Moves a canary on until it has ended."""
    pause = threading.Event()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, disable=quiet) as progress:
        bar = progress.add_task("redriving", total=redrive["total"], completed=redrive["released"])
        while redrive["state"] == "running":
            pause.wait(1.0)
            redrive = session.post(f"/ops/redrives/{redrive['id']}/advance")
            progress.update(bar, completed=redrive["released"])
    return redrive


def _choice(
    ids: list[str] | None, type: str | None, fingerprint: str | None, version: str | None, all: bool
) -> dict[str, Any]:
    given = {"ids": ids or None, "type": type, "fingerprint": fingerprint, "version": version, "all": all or None}
    chosen = {name: value for name, value in given.items() if value}
    if not chosen:
        raise typer.BadParameter("say which: ids, --type, --fingerprint, --version or --all")
    return chosen


def _ask(session: Session, verb: str, body: dict[str, Any]) -> Any:
    return session.post(f"/ops/dead-letters/{verb}", body)
