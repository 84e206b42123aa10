"""The reference of the JavaScript client: the README of its package, so that there is one text."""

from __future__ import annotations

from tools.quality.reference.markdown import NOTE
from tools.virtualenvs import ROOT

README = ROOT / "clients" / "javascript" / "README.md"


def page() -> str:
    """Return reference/javascript-client.md."""
    title, _, rest = README.read_text(encoding="utf-8").partition("\n")
    return f"{title.replace('agent-orchestrator-client', 'JavaScript client')}\n\n{NOTE}\n{rest}"
