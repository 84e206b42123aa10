"""JSON that Postgres will take."""

from __future__ import annotations

import json
import re
from typing import Any

#: An escaped NUL that is not itself escaped: jsonb refuses it.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
#: One for the process: `json.dumps` with options makes an encoder for each call, which takes longer than a small value.
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode_json(value: Any) -> str:
    """`value` as JSON text for a jsonb column.

    Raises ValueError for what Postgres or browsers refuse: NaN, infinities, NUL, lone surrogates, non-JSON types.
    """
    try:
        text = _ENCODE(value)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {type(error).__name__}") from error
    if "\\u0000" in text and _NUL.search(text):
        raise ValueError("not JSON for Postgres: contains the NUL character")
    return text
