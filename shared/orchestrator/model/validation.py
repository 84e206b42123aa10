"""The faults of an input, in the product's own wording.

pydantic finds the faults; its wording ("Input should be a valid string") is for programmers and never reaches a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from orchestrator.model.errors import Fault
from orchestrator.model.task import Json

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

#: Faults that are named; a body can have tens of thousands.
MOST_FAULTS = 100
#: Characters of a field's name that are repeated; the caller may have made it up.
LONGEST_FIELD = 100

_OBJECT = ("wrong_type", "must be an object")
_LIST = ("wrong_type", "must be a list")
_TEXT = ("wrong_type", "must be text")
_NUMBER = ("wrong_type", "must be a number")
_WHOLE = ("wrong_type", "must be a whole number")
_BOOLEAN = ("wrong_type", "must be true or false")
_DATE = ("wrong_format", "must be a date such as 2026-01-31")
_TIME = ("wrong_format", "must be a time such as 15:30")
_MOMENT = ("wrong_format", "must be a date and time such as 2026-01-31T12:00:00Z")
_DURATION = ("wrong_format", "must be a duration such as PT90S")
_UUID = ("wrong_format", "must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057")
_URL = ("wrong_format", "must be an address such as https://example.org/")
_INVALID = ("invalid", "is not valid")

#: pydantic's error type to the code and the message of the fault. Every type that a JSON document can cause is here;
#: a type that only Python objects can cause gets the general message.
WORDING: Mapping[str, tuple[str, str]] = {
    "missing": ("required", "is required"),
    "extra_forbidden": ("unknown_field", "is not a known field"),
    "none_required": ("wrong_type", "must be null"),
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "named_tuple_type": ("wrong_type", "must be a list or an object"),
    "dict_type": _OBJECT,
    "frozen_dict_type": _OBJECT,
    "ordered_dict_type": _OBJECT,
    "counter_type": _OBJECT,
    "mapping_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "deque_type": _LIST,
    "iterable_type": _LIST,
    "too_short": ("too_short", "must have at least {min_length} item{s}"),
    "too_long": ("too_long", "must have at most {max_length} item{s}"),
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_short": ("too_short", "must have at least {min_length} character{s}"),
    "string_too_long": ("too_long", "must have at most {max_length} character{s}"),
    "string_pattern_mismatch": ("wrong_format", "has a format that is not accepted"),
    "string_not_ascii": ("wrong_format", "must have ASCII characters only"),
    "bytes_type": _TEXT,
    "bytes_too_short": ("too_short", "must have at least {min_length} byte{s}"),
    "bytes_too_long": ("too_long", "must have at most {max_length} byte{s}"),
    "bytes_invalid_encoding": ("wrong_format", "must be encoded as {encoding}"),
    "enum": ("not_allowed", "must be {expected}"),
    "literal_error": ("not_allowed", "must be {expected}"),
    "union_tag_invalid": ("not_allowed", "{discriminator} must be one of {expected_tags}"),
    "union_tag_not_found": ("required", "{discriminator} is required"),
    "greater_than": ("out_of_range", "must be greater than {gt}"),
    "greater_than_equal": ("out_of_range", "must be at least {ge}"),
    "less_than": ("out_of_range", "must be less than {lt}"),
    "less_than_equal": ("out_of_range", "must be at most {le}"),
    "multiple_of": ("out_of_range", "must be a multiple of {multiple_of}"),
    "finite_number": ("out_of_range", "must be a finite number"),
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": ("out_of_range", "must be a whole number that is less long"),
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_max_digits": ("out_of_range", "must have at most {max_digits} digit{s}"),
    "decimal_max_places": ("out_of_range", "must have at most {decimal_places} digit{s} after the decimal point"),
    "decimal_whole_digits": ("out_of_range", "must have at most {whole_digits} digit{s} before the decimal point"),
    "fraction_type": _NUMBER,
    "fraction_parsing": _NUMBER,
    "complex_type": _NUMBER,
    "complex_str_parsing": _NUMBER,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_past": ("out_of_range", "must be in the past"),
    "date_future": ("out_of_range", "must be in the future"),
    "time_type": _TIME,
    "time_parsing": _TIME,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_past": ("out_of_range", "must be in the past"),
    "datetime_future": ("out_of_range", "must be in the future"),
    "timezone_naive": ("wrong_format", "must not have a time zone"),
    "timezone_aware": ("wrong_format", "must have a time zone, such as a final Z"),
    "timezone_offset": ("wrong_format", "must have a time zone {tz_expected} seconds from UTC"),
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": ("wrong_format", "must be an id of UUID version {expected_version}"),
    "url_type": _URL,
    "url_parsing": _URL,
    "url_syntax_violation": _URL,
    "url_too_long": ("too_long", "must have at most {max_length} character{s}"),
    "url_scheme": ("wrong_format", "must begin with {expected_schemes}"),
    "json_invalid": ("wrong_format", "must be JSON"),
    "json_type": ("wrong_type", "must be JSON text"),
    "invalid_key": ("wrong_type", "must have text as keys"),
    "recursion_loop": ("invalid", "must not contain itself"),
    "recursion_depth_exceeded": ("too_deep", "must not nest so deep"),
}
#: The numbers in messages that decide between singular and plural.
_COUNTED = ("min_length", "max_length", "max_digits", "decimal_places", "whole_digits")


def validation_faults(error: ValidationError, prefix: str = "") -> list[Fault]:
    """Return the first 100 faults that pydantic found, by field; `prefix` is the field that was validated."""
    return [_fault(one, prefix) for one in error.errors(include_url=False, include_input=False)[:MOST_FAULTS]]


def _fault(found: ErrorDetails, prefix: str) -> Fault:
    code, message = _code_and_message(found["type"], found["msg"], found.get("ctx", {}))
    return Fault(_field(found["loc"], prefix), message, code)


def _code_and_message(type: str, message: str, context: Mapping[str, Json]) -> tuple[str, str]:
    """Return code and message; a validator's own ValueError and a custom error say their message themselves."""
    if type == "value_error":
        return "invalid", message.removeprefix("Value error, ")
    if type not in WORDING:
        return _INVALID if _is_pydantics(type) else (type, message)
    code, template = WORDING[type]
    count = next((context[name] for name in _COUNTED if name in context), None)
    return code, template.format_map({**context, "s": "" if count == 1 else "s"})


def _is_pydantics(type: str) -> bool:
    from typing import get_args

    from pydantic_core.core_schema import ErrorType

    return type in get_args(ErrorType)


def _field(location: Sequence[int | str], prefix: str) -> str:
    """Return the location as `payload.windows.0.start`, cut where it is long, without invisible characters."""
    path = ".".join(str(part) for part in ((prefix, *location) if prefix else location)) or "body"
    shown = "".join(character if character.isprintable() else "?" for character in path[: LONGEST_FIELD + 1])
    return shown if len(path) <= LONGEST_FIELD else f"{shown[:LONGEST_FIELD]}…"
