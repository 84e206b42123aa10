"""The route of the minimal application."""

from __future__ import annotations

from typing import Any

from orchestrator import Response, Router, Services, operation, read_body, submit_task


def word_routes(services: Services) -> Router:
    router = Router()

    @router.post("/api/words")
    @operation("Count the words of a text", {202: None}, tag="words")
    def count() -> Response[Any]:
        from ..agents.words_count import Text  # noqa: TID252 - the package is found under its own name when it is deployed

        body = read_body(Text, router.current_event)
        return submit_task(services, router, "words.count", body.model_dump())

    return router


ROUTERS = (word_routes,)
