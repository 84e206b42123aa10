"""Text fields of bodies and payloads: the raw length is checked before the text is normalised.

Normalisation needs quadratic time for many combining marks, so an unchecked text of 100 KB would need seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from playmate.domain.names import tidy, tidy_name

#: Raw characters per character of the limit: decomposed characters and surplus spaces are longer than the tidy text.
RAW_PER_CHARACTER = 4

LONGEST_NAME = 80
LONGEST_ACTIVITY = 60
LONGEST_EMAIL = 254
LONGEST_TITLE = 120


def normalised(longest: int, normalise: Callable[[str], str]) -> BeforeValidator:
    """Return a validator that normalises a text of 1 to `longest` characters, measured before and after."""

    def normalise_bounded(value: object) -> object:
        if not isinstance(value, str):
            return value
        text = normalise(value) if len(value) <= longest * RAW_PER_CHARACTER else value
        if len(text) > longest:
            raise ValueError(f"must have at most {longest} characters")
        if not text:
            raise ValueError("must not be blank")
        return text

    return BeforeValidator(normalise_bounded)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


#: A kid's name, or the name by which a guardian asks a friend.
Name = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), normalised(LONGEST_NAME, tidy), AfterValidator(_printable)
]
Activity = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_ACTIVITY),
    normalised(LONGEST_ACTIVITY, tidy),
    AfterValidator(_printable),
]
#: A playdate's title, or the name of a location.
Title = Annotated[
    str, Field(min_length=1, max_length=LONGEST_TITLE), normalised(LONGEST_TITLE, tidy), AfterValidator(_printable)
]
#: An account's name in the form in which it is stored; `name_fault` checks it at sign-up.
AccountName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), normalised(LONGEST_NAME, tidy_name)]
Email = Annotated[str, Field(max_length=LONGEST_EMAIL), normalised(LONGEST_EMAIL, tidy)]
