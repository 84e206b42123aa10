"""`orchestrator`: everything an operator does, from a terminal."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from orchestrator_cli import asks, dead_letters, flags_and_secrets, schedules, tasks
from orchestrator_cli.operators import budgets
from orchestrator_cli.session import Exit, FoundLater, Refusal, Session, exit_code, fail, find, remember, sign_in
from orchestrator_cli.show import AsJson, as_json, say
from orchestrator_cli.statistics import audit, stats

#: Seconds a sign-in is used: a little less than its token is good for.
LIFE = 20 * 60 - 10


#: Errors of writing the output.
UNWRITABLE = {errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT, errno.EBADF}


class Commands(TyperGroup):
    """Print the API's refusals as it says them, with an exit code for scripts."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except Refusal as refusal:
            fail(exit_code(refusal), str(refusal))
        except BrokenPipeError:
            _drop_output()
            raise typer.Exit(Exit.PIPE_CLOSED) from None
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            _drop_output()
            fail(Exit.NOT_WRITTEN, f"The output cannot be written: {error.strerror}")
        return result


def _drop_output() -> None:
    """Send the rest of the output nowhere, so that the interpreter does not fail when it flushes at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


Url = Annotated[str | None, typer.Option(envvar="ORCHESTRATOR_URL", help="The API's address.")]
Token = Annotated[str | None, typer.Option(envvar="ORCHESTRATOR_TOKEN", help="An operator's access token.")]
Stack = Annotated[
    Path | None,
    typer.Option(envvar="ORCHESTRATOR_STACK", help="A local stack's stack.json; default .local/stack.json."),
]


def connect(context: typer.Context, url: Url = None, token: Token = None, stack: Stack = None) -> None:
    if context.obj is None:
        context.obj = FoundLater(lambda: find(url, token, stack))


def login(
    context: typer.Context,
    url: Url = None,
    name: Annotated[str | None, typer.Option(help="An operator's name or e-mail.")] = None,
    password: Annotated[str | None, typer.Option(help="Asked for where it is not given.")] = None,
    json: AsJson = False,
) -> None:
    """Sign in as an operator, for twenty minutes."""
    address = url or context.find_root().params["url"] or typer.prompt("Url", err=json)
    name = name or typer.prompt("Name", err=json)
    session = sign_in(address, name, password or typer.prompt("Password", hide_input=True, err=json))
    if _is_operator(session):
        remember(session, LIFE)
        if json:
            as_json({"url": address, "name": name, "seconds": LIFE})
        else:
            say(f"Signed in to {address} as {name}.")


def _is_operator(session: Session) -> bool:
    try:
        session.get("/ops/audit", limit=1)
    except Refusal as refusal:
        if refusal.status == 403:
            fail(Exit.NOT_SIGNED_IN, "This account is no operator's.")
        raise
    return True


def new_app() -> typer.Typer:
    """Return the engine's commands; an application adds its own with `add_typer`."""
    made = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Operate Agent Orchestrator. Exit codes: 1 refused, 2 wrong command, 3 not signed in, 4 not found, "
        "5 unreachable, 6 ended badly, 7 output not written, 141 the output's reader went away.",
    )
    made.callback()(connect)
    made.command()(login)
    made.add_typer(tasks.app, name="tasks")
    made.add_typer(asks.app, name="asks")
    made.add_typer(schedules.app, name="schedules")
    made.add_typer(budgets.app, name="budgets")
    made.add_typer(dead_letters.app, name="dead-letters")
    made.add_typer(flags_and_secrets.flags, name="flags")
    made.add_typer(flags_and_secrets.secrets, name="secrets")
    made.command()(tasks.why)
    made.command()(stats)
    made.command()(audit)
    return made


app = new_app()
