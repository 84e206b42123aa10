"""JSON that Postgres will take."""

from __future__ import annotations

import json
import re
from typing import Any

#: An escaped NUL that is not itself escaped: jsonb refuses it.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def encode_json(value: Any) -> str:
    """`value` as JSON text for a jsonb column.

    Raises ValueError for what Postgres or browsers refuse: NaN, infinities, NUL, lone surrogates, non-JSON types.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {type(error).__name__}") from error
    if _NUL.search(text):
        raise ValueError("not JSON for Postgres: contains the NUL character")
    return text
