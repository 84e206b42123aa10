"""A task type whose payload has changed twice."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.task import Json


class Parcel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    grams: int
    to: list[str]


def weigh_in_grams(payload: dict[str, Json]) -> dict[str, Json]:
    """Version 1 had kilograms."""
    return {"grams": round(payload["kilograms"] * 1_000), "to": payload["to"]}


def name_every_line(payload: dict[str, Json]) -> dict[str, Json]:
    """Version 2 had the address as one text."""
    return {**payload, "to": payload["to"].split(", ")}


@agent("test.versioned", payload=Parcel, version=3, upcasters={1: weigh_in_grams, 2: name_every_line}, max_attempts=1)
def versioned(ctx: Context, payload: Parcel) -> dict[str, Any]:
    return {"grams": payload.grams, "to": payload.to}
