"""Open questions of tasks to operators."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any
from urllib.parse import quote

import typer

from orchestrator_cli.ids import Id
from orchestrator_cli.session import Exit, Session, fail
from orchestrator_cli.show import AsJson, as_json, out, say, table

app = typer.Typer(no_args_is_help=True, help="List and answer the open questions of tasks to you.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The question's name.")]


@app.command("list")
def list_asks(context: typer.Context, json: AsJson = False) -> None:
    """Oldest first, at most 100 of each kind."""
    found = context.obj.get("/api/tasks/asks")["items"]
    if json:
        as_json(found)
        return
    rows = [(ask["taskId"], ask["name"], ask.get("until", ""), _text(ask.get("shown"))) for ask in found]
    out.print(table(("task", "name", "until", "shown"), rows))


@app.command()
def approve(
    context: typer.Context,
    id: Id,
    name: Name,
    edit: Annotated[
        str | None, typer.Option(help="The shown fields to change, as a JSON object, such as '{\"amount\": 400}'.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="The reason, which the task reads.")] = None,
) -> None:
    """Approve what a task shows, with your changes."""
    decision = {"decision": "approved"} if edit is None else {"decision": "edited", "edited": _parsed(edit, "--edit")}
    _send(context.obj, id, name, {**decision, "note": note})


@app.command()
def refuse(
    context: typer.Context,
    id: Id,
    name: Name,
    note: Annotated[str | None, typer.Option(help="The reason, which the task reads.")] = None,
) -> None:
    """Refuse what a task shows."""
    _send(context.obj, id, name, {"decision": "refused", "note": note})


@app.command()
def answer(
    context: typer.Context,
    id: Id,
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value as JSON.")],
) -> None:
    """Send a task a signal with any value."""
    _send(context.obj, id, name, _parsed(value, "VALUE"))


def _send(session: Session, id: str, name: str, value: Any) -> None:
    session.post(f"/api/tasks/{id}/signals/{quote(name, safe='')}", {"value": value})
    say(f"Answered {name} of {id}.")


def _parsed(text: str, option: str) -> Any:
    try:
        return json_format.loads(text)
    except ValueError:
        fail(Exit.REFUSED, f"{option} must be JSON.")


def _text(shown: Any) -> str:
    return "" if shown is None else json_format.dumps(shown, ensure_ascii=False)
