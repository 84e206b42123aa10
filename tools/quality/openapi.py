"""Writes the OpenAPI document of the HTTP API from its routes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import cast

from tools.virtualenvs import ROOT

FILE = ROOT / "shared" / "playmate" / "openapi.json"
TITLE = "Agent Orchestrator"
#: The one version number of the project.
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def text() -> str:
    """Return the document as the text of its file."""
    from orchestrator.engine.agents import Agents
    from orchestrator.http.app import Services, build_app
    from orchestrator.http.openapi import document
    from orchestrator.http.routes import ROUTERS
    from playmate import routes

    app = build_app(cast("Services", None), (*ROUTERS, *routes.ROUTERS))
    made = document(app.routes(), Agents("playmate.agents"), title=TITLE, version=VERSION)
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def write(file: Path = FILE) -> int:
    file.write_text(text(), encoding="utf-8")
    return 0
