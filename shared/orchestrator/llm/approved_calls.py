"""Calls of tools that a person decides about before they run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from orchestrator.engine.waiting.approvals import Decision
from orchestrator.llm.tools import Tool
from orchestrator.model.json_encoding import JsonTooLarge
from orchestrator.model.task import Json
from orchestrator.model.validation import validation_faults

if TYPE_CHECKING:
    from pydantic import BaseModel

    from orchestrator.engine.context import Context


def decide(ctx: Context, tool: Tool, name: str, arguments: BaseModel) -> tuple[BaseModel | None, str]:
    """Ask the people of `tool.approve` about one call and return the arguments that may run, with a note.

    Without arguments the note is the refusal, for the model. The people see the tool and all its arguments, and what
    runs is parsed from exactly that. Edited arguments with faults are shown again, with the faults.
    """
    shown: dict[str, Json] = {"tool": tool.name, "arguments": _as_json(arguments)}
    _check_shown(tool, shown, arguments)
    while True:
        try:
            decision = ctx.approve(name, show=shown, by=tool.approve or "owner", expires=tool.expires)
        except JsonTooLarge as error:
            return None, f"The call cannot be shown to a person: {error}."
        if not decision.approved:
            return None, _refusal(decision)
        approved, faults = _parsed(tool, shown, decision)
        if approved is not None:
            return approved, _note(decision)
        shown = {**shown, "faults": faults}


def _as_json(arguments: BaseModel) -> Json:
    dumped: Json = arguments.model_dump(mode="json", by_alias=True)
    return dumped


def _check_shown(tool: Tool, shown: dict[str, Json], arguments: BaseModel) -> None:
    """Raise TypeError when the arguments as people see them would be other arguments, as with a hidden secret."""
    from pydantic import ValidationError

    try:
        same = tool.arguments.model_validate(shown["arguments"]) == arguments
    except ValidationError:
        same = False
    if not same:
        raise TypeError(f"tool {tool.name!r} needs approval, so its arguments must be the same after JSON")


def _parsed(tool: Tool, shown: dict[str, Json], decision: Decision) -> tuple[BaseModel | None, str]:
    """Return the arguments of a decision, or None and the faults of an edit."""
    from pydantic import ValidationError

    value = decision.value if isinstance(decision.value, dict) else {}
    if {**value, "arguments": None} != {**shown, "arguments": None}:
        return None, "only `arguments` can be changed"
    try:
        return tool.arguments.model_validate(value["arguments"]), ""
    except ValidationError as error:
        faults = validation_faults(error, "arguments")
        return None, "; ".join(f"{fault.field} {fault.message}" for fault in faults)


def _refusal(decision: Decision) -> str:
    if decision.verdict == "expired":
        return "Nobody decided about this call in time, so it did not run."
    return "A person refused this call, so it did not run." + (f" Their note: {decision.note}" if decision.note else "")


def _note(decision: Decision) -> str:
    """Return the change that a person made, as the model reads it before the response."""
    if decision.verdict != "edited" or not isinstance(decision.value, dict):
        return ""
    changed = json.dumps(decision.value["arguments"], ensure_ascii=False)
    return f"A person changed the arguments to {changed}. The response: "
