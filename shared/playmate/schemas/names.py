"""The module of shapes, named without importing it: a cold start does not import pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playmate.schemas import plan_shapes, playdate_shapes, shapes
else:
    from orchestrator.http.operation import SchemaModule

    shapes = SchemaModule("playmate.schemas.shapes")
    plan_shapes = SchemaModule("playmate.schemas.plan_shapes")
    playdate_shapes = SchemaModule("playmate.schemas.playdate_shapes")

__all__ = ["plan_shapes", "playdate_shapes", "shapes"]
