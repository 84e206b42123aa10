"""The language model: its prompt contains facts only, and the agent rejects unusable, broken and late answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from playmate.sources import narrative
from playmate.sources.narrative import LONGEST_DOCUMENT, Ground, narrate, paced, usable

GROUND = Ground(
    country="France",
    season="winter",
    daylight_hours=8.3,
    documents=[
        ("Snow kitchen", "Carry out old pots, spoons and muffin tins and let the kids run a restaurant of snow.")
    ],
)
GOOD = "Carry pots and spoons outside and let the kids run a restaurant of snow while the winter daylight lasts."


def pieces(text: str) -> Iterator[str]:
    yield from (text[start : start + 20] for start in range(0, len(text), 20))


def ignore(text: str) -> None:
    """Nobody watches."""


def test_a_summary_grows_before_the_watchers_eyes() -> None:
    shown: list[str] = []
    text = narrate(GROUND, shown.append, stream=lambda _: pieces(GOOD))
    assert text == GOOD
    assert shown[-1] == GOOD
    assert len(shown) >= 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Snow.",
        "I cannot help with that request because of the policies that I have to follow at all times, sorry.",
        "Quantum chromodynamics describes hadrons whose coupling decreases logarithmically towards higher energies.",
        GOOD * 20,
    ],
)
def test_refusals_nonsense_and_floods_are_not_used(text: str) -> None:
    assert narrate(GROUND, ignore, stream=lambda _: pieces(text)) is None


def test_a_model_that_breaks_off_is_not_used() -> None:
    def broken(_: str) -> Iterator[str]:
        yield GOOD
        raise ConnectionError("away")

    assert narrate(GROUND, ignore, stream=broken) is None


def test_a_silent_model_is_not_waited_for() -> None:
    never = threading.Event()

    def silent(_: str) -> Iterator[str]:
        never.wait(30)
        yield GOOD

    assert narrate(GROUND, ignore, stream=silent, seconds=0.02) is None
    never.set()


def test_without_documents_nothing_is_asked() -> None:
    asked: list[str] = []
    empty = Ground(country=None, season="winter", daylight_hours=8, documents=[])

    def stream(prompt: str) -> Iterator[str]:
        asked.append(prompt)
        return pieces(GOOD)

    assert narrate(empty, ignore, stream=stream) is None
    assert asked == []


def test_the_prompt_is_bounded_and_has_facts_only() -> None:
    long = Ground("France", "winter", 8.3, [("Title", "x" * 5_000)] * 30)
    assert len(long.prompt()) < 6 * (LONGEST_DOCUMENT + 50)
    assert GROUND.prompt().startswith("Country: France. Season: winter. Daylight: 8.3 hours.")


def test_usable_needs_the_terms_of_the_documents() -> None:
    assert usable(GOOD, GROUND)
    assert not usable(
        "Lovely weather everywhere across mountains with wonderful unrelated sentences following.", GROUND
    )


def test_progress_is_paced() -> None:
    shown: list[str] = []
    show = paced(shown.append, pause=3600)
    for text in ("a", "ab", "abc"):
        show(text)
    assert shown == ["a"]


def test_the_model_is_the_one_that_the_deploy_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def call(service: str, operation: str, **parameters: object) -> dict[str, object]:
        asked.append((service, operation, parameters["modelId"]))
        return {"stream": []}

    monkeypatch.setattr("orchestrator.aws.clients.call", call)
    monkeypatch.setattr(narrative, "_model", "before")
    narrative.use_model("eu.amazon.nova-lite-v1:0")
    assert list(narrative.converse("prompt")) == []
    assert asked == [("bedrock-runtime", "converse_stream", "eu.amazon.nova-lite-v1:0")]
