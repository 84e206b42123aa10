"""A language model's summary of the retrieved documents: optional, bounded, and never trusted blindly."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from orchestrator.observability import logger

#: Tokens the model may write, characters it may read of each document, documents, seconds in all.
LONGEST_ANSWER, LONGEST_DOCUMENT, MOST_DOCUMENTS, DEADLINE = 220, 500, 5, 8.0
#: Characters a usable summary has.
SHORTEST, LONGEST = 60, 1_200
REFUSAL = re.compile(r"\b(i can(?:no|')t|i am (?:unable|sorry)|i'm (?:unable|sorry)|as an ai)\b", re.IGNORECASE)
SYSTEM = (
    "You write for parents who plan a playdate. Use only the documents given. Three short sentences in plain "
    "English, no greeting, no list, no names of people, no addresses, nothing that is not in the documents."
)

Stream = Callable[..., Iterator[str]]

#: The Bedrock model, or inference profile, that `use_model` names.
_model = "amazon.nova-lite-v1:0"


@dataclass(frozen=True, slots=True)
class Ground:
    """All input of the model: no child, no guardian, no position finer than a country."""

    country: str | None
    season: str
    daylight_hours: float
    documents: Sequence[tuple[str, str]]

    def prompt(self) -> str:
        where = f"Country: {self.country}. " if self.country else ""
        facts = f"{where}Season: {self.season}. Daylight: {self.daylight_hours:g} hours."
        texts = [f"# {title}\n{body[:LONGEST_DOCUMENT]}" for title, body in self.documents[:MOST_DOCUMENTS]]
        return "\n\n".join([facts, *texts, "Summarise what suits families here and now."])


def use_model(name: str) -> None:
    """Ask this Bedrock model, or inference profile, from now on."""
    global _model  # noqa: PLW0603 - the function's environment names it, once per container
    _model = name


def converse(prompt: str) -> Iterator[str]:
    """Yield the model's text as it arrives (Amazon Bedrock, Converse)."""
    from orchestrator.aws.clients import call

    answer = call(
        "bedrock-runtime",
        "converse_stream",
        modelId=_model,
        system=[{"text": SYSTEM}],
        messages=[{"role": "user", "content": [{"text": prompt}]}],
        inferenceConfig={"maxTokens": LONGEST_ANSWER, "temperature": 0.2},
    )
    for event in answer["stream"]:
        yield from _texts(event)


def _texts(event: dict[str, Any]) -> Iterator[str]:
    text = event.get("contentBlockDelta", {}).get("delta", {}).get("text")
    if text:
        yield text
    reason = event.get("messageStop", {}).get("stopReason")
    if reason not in (None, "end_turn"):
        raise ValueError(f"the model stopped: {reason}")


def narrate(
    ground: Ground, show: Callable[[str], None], *, stream: Stream = converse, seconds: float = DEADLINE
) -> str | None:
    """Return the model's summary, shown as it grows; None when it refuses, is late, or talks nonsense."""
    if not ground.documents:
        return None
    text = ""
    try:
        for part in _in_time(lambda: stream(ground.prompt()), seconds):
            text += part
            if len(text) > LONGEST:
                return None
            show(text)
    except NarrativeError as failure:
        logger.warning("narrative failed", reason=str(failure))
        return None
    return text.strip() if usable(text, ground) else None


def paced(show: Callable[[str], None], pause: float = 0.3) -> Callable[[str], None]:
    """`show` at most every `pause` seconds: a progress is a row, a word is not worth one."""
    shown = float("-inf")

    def show_now_and_then(text: str) -> None:
        nonlocal shown
        if time.monotonic() - shown >= pause:
            shown = time.monotonic()
            show(text)

    return show_now_and_then


def usable(text: str, ground: Ground) -> bool:
    """Return whether a summary is one: long enough, no refusal, and about the documents."""
    terms, known = _content_terms(text), _content_terms(ground.prompt())
    if not SHORTEST <= len(text.strip()) <= LONGEST or REFUSAL.search(text) or not terms:
        return False
    return len(terms & known) / len(terms) >= 0.4


def _content_terms(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 4}


class NarrativeError(Exception):
    """The stream broke or took too long."""


def _in_time(start: Callable[[], Iterator[str]], seconds: float) -> Iterator[str]:
    """Yield the stream's pieces. A thread reads them, so a silent model cannot block the task."""
    pieces: SimpleQueue[str | Exception | None] = SimpleQueue()

    def read() -> None:
        try:
            for piece in start():
                pieces.put(piece)
            pieces.put(None)
        except Exception as error:
            pieces.put(error)

    Thread(target=read, daemon=True, name="narrative").start()
    ends = time.monotonic() + seconds
    while True:
        try:
            piece = pieces.get(timeout=max(0.0, ends - time.monotonic()))
        except Empty:
            raise NarrativeError(f"not done within {seconds:g} s") from None
        if piece is None:
            return
        if isinstance(piece, Exception):
            raise NarrativeError(type(piece).__name__)
        yield piece
