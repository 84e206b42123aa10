"""The part of the application in the worker function before its first task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playmate.sources import narrative

if TYPE_CHECKING:
    from orchestrator.settings import Settings


def configure(settings: Settings) -> None:
    """Set the model that writes the insight's text; empty for templates alone."""
    narrative.use_model(settings.narrative_model)
