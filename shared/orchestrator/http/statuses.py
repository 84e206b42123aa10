"""The one place where an error gets its status, over HTTP and over the WebSocket alike."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.model.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    KeyReused,
    NotFound,
    Rejected,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)


class MethodNotAllowed(Rejected):
    """The path exists, but not for this method."""

    def __init__(self, allowed: frozenset[str]) -> None:
        super().__init__("This method is not allowed here.")
        self.allowed = allowed


class NotJson(Rejected):
    """The body is said to be something else, as what a form of any page can send."""


STATUS: Mapping[type[Rejected], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    TooLarge: 413,
    NotJson: 415,
    KeyReused: 422,
    TooMany: 429,
    Unavailable: 503,
}


def status_of(error: Rejected) -> int:
    """Of the error's own class, or of the nearest above it."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
