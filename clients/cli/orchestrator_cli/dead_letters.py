"""Dead letters in groups of equal failures, redriven or discarded after a preview."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from orchestrator_cli import completion, staged_redrives
from orchestrator_cli.session import Exit, Refusal, Session, fail
from orchestrator_cli.show import AsJson, Yes, ago, as_json, confirm, failure, out, say, table, unasked

app = typer.Typer(no_args_is_help=True, help="See dead letters in groups; redrive or discard them.")
app.command("redrives")(staged_redrives.list_redrives)
app.command()(staged_redrives.follow)
app.command()(staged_redrives.stop)

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Dead letters by id.")]
Type = Annotated[str | None, typer.Option(help="All of this type.", autocompletion=completion.types)]
Fingerprint = Annotated[
    str | None,
    typer.Option(
        "--fingerprint", "-f", help="All that failed alike; - for none.", autocompletion=completion.fingerprints
    ),
]
Version = Annotated[
    str | None, typer.Option("--version", help="All whose last attempt ran this version; - where it is unknown.")
]
#: Ids that a preview names.
SHOWN = 20
All = Annotated[bool, typer.Option("--all", help="All there are.")]


@app.command("list")
def list_groups(
    context: typer.Context,
    type: Type = None,
    fingerprint: Fingerprint = None,
    version: Version = None,
    json: AsJson = False,
) -> None:
    """Show groups of dead letters with the same fingerprint, the newest first."""
    session: Session = context.obj
    found = session.get("/ops/dead-letters", type=type, fingerprint=fingerprint, version=version)
    if json:
        as_json(found)
        return
    rows = [
        (
            group["fingerprint"] or "-",
            group["type"],
            group["version"] or "-",
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
    """Return the preview of a redrive or discard of these."""
    would = _would(context.obj, "redrive", _choice(ids, type, fingerprint, version, all))
    if json:
        as_json(would)
        return
    _show_groups(would)
    say(f"{would['total']:,} dead letters would move.")
    for id in would["ids"][:SHOWN]:
        say(f"  {id}")
    if would["total"] > SHOWN:
        say(f"  and {would['total'] - SHOWN:,} more")


@app.command()
def redrive(
    context: typer.Context,
    ids: Ids = None,
    type: Type = None,
    fingerprint: Fingerprint = None,
    version: Version = None,
    all: All = False,
    canary: Annotated[
        bool,
        typer.Option(help="One, then a tenth, then the rest; stops when the failure comes back or one is refused."),
    ] = True,
    rate: Annotated[float | None, typer.Option(help="Tasks a second.", min=0.001, max=1_000)] = None,
    wait: Annotated[bool, typer.Option(help="Watch it to its end; the sweeper moves it on otherwise.")] = True,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Give dead letters their attempts anew; exit code 6 when it was stopped."""
    session: Session = context.obj
    choice = _choice(ids, type, fingerprint, version, all)
    total = _preview_and_ask(session, "redrive", choice, "Redrive {:,} dead letters?", yes=yes, json=json)
    slowly = {"canary": canary, **({"rate": rate} if rate else {})} if total > 1 else {}
    moved, done = _move(session, "redrive", {**choice, **slowly}, total, wait=wait, quiet=json)
    going = moved["redrive"]
    if json:
        as_json(moved)
    elif going is None or going["state"] == "done":
        say(_so_many(done, moved, "run again"))
    elif going["state"] == "running":
        say(_so_many(going["total"], moved, "run again bit by bit"))
    if going is not None:
        staged_redrives.report_it_goes_on(going)
        staged_redrives.end(going)


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
    total = _preview_and_ask(session, "discard", choice, "Discard {:,} dead letters for good?", yes=yes, json=json)
    moved, done = _move(session, "discard", {**choice, "reason": reason}, total, quiet=json)
    if json:
        as_json(moved)
    else:
        say(_so_many(done, moved, "are given up"))


def _preview_and_ask(
    session: Session, verb: str, choice: dict[str, Any], question: str, *, yes: bool, json: bool
) -> int:
    """Show the preview and ask; return the number of tasks."""
    unasked(yes, json)
    would = _would(session, verb, choice)
    if not would["total"]:
        fail(Exit.NOT_FOUND, f"There is nothing to {verb}.")
    if not json:
        _show_groups(would)
    confirm(question.format(would["total"]), yes, where=session.where)
    return int(would["total"])


def _move(
    session: Session, verb: str, body: dict[str, Any], total: int, *, wait: bool = True, quiet: bool
) -> tuple[dict[str, Any], int]:
    """Move a thousand a call, as many as there were at first. Return the answer as of one call, and the number."""
    whole: dict[str, Any] = {"ids": [], "dryRun": False, "total": total, "more": False, "groups": [], "redrive": None}
    done = 0
    try:
        with staged_redrives.bar(total, quiet=quiet) as show:
            while done < total:
                answer = session.post(f"/ops/dead-letters/{verb}", body)
                whole |= {"ids": whole["ids"] + answer["ids"], "more": answer["more"], "redrive": answer.get("redrive")}
                for going in staged_redrives.watch(session, whole["redrive"]) if wait and whole["redrive"] else ():
                    whole["redrive"] = going
                    show(done + going["released"], going)
                going = whole["redrive"]
                done += going["released"] if going else len(answer["ids"])
                show(done, going)
                if not answer["more"] or not (going["state"] == "done" if going else answer["ids"]):
                    break
    except (KeyboardInterrupt, Refusal):
        _report_remaining(done, whole)
        raise
    return whole, done


def _report_remaining(done: int, moved: dict[str, Any]) -> None:
    going = moved["redrive"]
    if going is not None and going["state"] == "running":
        staged_redrives.report_it_goes_on(going)
        done += going["total"]
    if moved["more"]:
        typer.echo(_so_many(done, moved, "are taken up"), err=True)


def _so_many(done: int, moved: dict[str, Any], ended: str) -> str:
    if moved["more"] and done < moved["total"]:
        return f"{done:,} of {moved['total']:,} dead letters {ended}; run it again for the rest."
    return f"{done:,} dead letters {ended}."


def _choice(
    ids: list[str] | None, type: str | None, fingerprint: str | None, version: str | None, all: bool
) -> dict[str, Any]:
    given = {"ids": ids or None, "type": type, "fingerprint": fingerprint, "version": version, "all": all or None}
    chosen = {name: value for name, value in given.items() if value}
    if not chosen:
        raise typer.BadParameter("say which: ids, --type, --fingerprint, --version or --all")
    return chosen


def _would(session: Session, verb: str, choice: dict[str, Any]) -> Any:
    return session.post(f"/ops/dead-letters/{verb}", {**choice, "dryRun": True})


def _show_groups(would: dict[str, Any]) -> None:
    rows = [
        (group["fingerprint"] or "-", group["type"], group["version"] or "-", group["count"], group["owners"])
        for group in would["groups"]
    ]
    out.print(table(("fingerprint", "type", "version", "#count", "#owners"), rows))
