"""Load the knowledge base of the insight agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator_cli.show import AsJson, as_json, say

app = typer.Typer(no_args_is_help=True, help="The knowledge base of the insight agent.")


@app.callback()
def knowledge() -> None:
    """Keep `load` a subcommand, although it is the only one."""


@app.command()
def load(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="A Markdown file.")] = None,
    json: AsJson = False,
) -> None:
    """Load the documents of this version, or replace them with those of a file."""
    try:
        body = {"markdown": file.read_text(encoding="utf-8")} if file else {}
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text: {error.reason} at byte {error.start}"
        raise typer.BadParameter(message, param_hint="FILE") from error
    loaded = context.obj.post("/ops/knowledge", body)
    if json:
        as_json(loaded)
    else:
        say(f"{loaded['documents']} documents, {loaded['changed']} new or changed.")
