"""No wording of pydantic reaches a person who uses the application."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from orchestrator.engine.agents import Agents
from playmate.schemas import shapes
from tests.support.wording import foreign_messages, models_in

AGENTS = Agents("playmate.agents")
MODELS = [*(AGENTS.get(type).payload for type in AGENTS.types()), *models_in(shapes)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.__module__}.{model.__name__}")
def test_the_schemas_have_messages_of_our_own(model: type[BaseModel]) -> None:
    assert foreign_messages(model) == []
