"""Messages of pydantic's that schemas would show to a person."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from orchestrator.model.validation import validation_faults

#: Terms that only pydantic uses.
PYDANTIC = re.compile(
    r"\b(Input|input|should|Should|Field|Value error|Extra inputs|valid (string|integer|dictionary))\b"
)
#: Values that some field of every kind refuses.
WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e308,
    4.5,
    "",
    " ",
    "x" * 300_000,
    "é",
    "\u202e",
    [],
    [None],
    {},
    {"a": 1},
)


def models_in(module: ModuleType) -> list[type[BaseModel]]:
    """Return the models that a module defines."""
    members = (member for member in vars(module).values() if isinstance(member, type))
    return [each for each in members if issubclass(each, BaseModel) and each.__module__ == module.__name__]


def foreign_messages(model: type[BaseModel]) -> list[str]:
    """Return the messages for wrong values of each field that are pydantic's, or say nothing."""
    names = [field.validation_alias or field.alias or name for name, field in model.model_fields.items()]
    documents = [*WRONG, *({name: wrong} for name in names if isinstance(name, str) for wrong in WRONG)]
    return [message for document in documents for message in _messages(model, document) if _is_foreign(message)]


def _messages(model: type[BaseModel], document: object) -> list[str]:
    try:
        model.model_validate(document)
    except ValidationError as error:
        return [fault.message for fault in validation_faults(error)]
    return []


def _is_foreign(message: str) -> bool:
    return message == "is not valid" or PYDANTIC.search(message) is not None
