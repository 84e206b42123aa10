"""`orchestrator`: everything an operator does, from a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import controls, dead_letters, tasks
from cli.session import Exit, FoundLater, Refusal, Session, exit_code, fail, find, remember, sign_in
from cli.stats import audit, stats


class Commands(TyperGroup):
    """Says the API's refusals in its own words, with an exit code that scripts can read."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            fail(exit_code(refusal), str(refusal))


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Operate Agent Orchestrator. Exit codes: 1 refused, 2 wrong command, 3 not signed in, 4 not found, "
    "5 unreachable, 6 ended badly.",
)

Url = Annotated[str | None, typer.Option(envvar="ORCHESTRATOR_URL", help="The API's address.")]
Token = Annotated[str | None, typer.Option(envvar="ORCHESTRATOR_TOKEN", help="An operator's access token.")]
Stack = Annotated[
    Path | None,
    typer.Option(envvar="ORCHESTRATOR_STACK", help="A local stack's stack.json; default .local/stack.json."),
]


@app.callback()
def connect(context: typer.Context, url: Url = None, token: Token = None, stack: Stack = None) -> None:
    if context.obj is None:
        context.obj = FoundLater(lambda: find(url, token, stack))


@app.command()
def login(
    url: Annotated[str, typer.Option(prompt=True, envvar="ORCHESTRATOR_URL")],
    name: Annotated[str, typer.Option(prompt=True)],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True)],
) -> None:
    """Sign in as an operator; holds for twenty minutes."""
    session = sign_in(url, name, password)
    if _is_operator(session):
        remember(session, 20 * 60 - 10)
        typer.echo(f"Signed in to {url} as {name}.")


def _is_operator(session: Session) -> bool:
    try:
        session.get("/ops/audit", limit=1)
    except Refusal as refusal:
        if refusal.status == 403:
            fail(Exit.NOT_SIGNED_IN, "This account is no operator's.")
        raise
    return True


app.add_typer(tasks.app, name="tasks")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(controls.flags, name="flags")
app.add_typer(controls.secrets, name="secrets")
app.add_typer(controls.knowledge, name="knowledge")
app.command()(tasks.why)
app.command()(stats)
app.command()(audit)
