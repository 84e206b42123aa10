"""The module of shapes, named without importing it: a cold start does not import pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playmate.routes import shapes
    from playmate.routes.shapes import plan as plan_shapes
else:
    from orchestrator.http.operation import SchemaModule

    shapes = SchemaModule("playmate.routes.shapes")
    plan_shapes = SchemaModule("playmate.routes.shapes.plan")

__all__ = ["plan_shapes", "shapes"]
