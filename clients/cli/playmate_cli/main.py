"""`python -m playmate_cli`: the engine's commands, and those of the playdate application."""

from __future__ import annotations

from orchestrator_cli.main import new_app
from playmate_cli import knowledge

app = new_app()
app.add_typer(knowledge.app, name="knowledge")
