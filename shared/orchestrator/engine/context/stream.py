"""A stream of an attempt: text that its owner reads while it grows."""

from __future__ import annotations

import time
from collections.abc import Callable

from orchestrator.model.sizes import LONGEST_STREAM
from orchestrator.store import streams
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Database
from orchestrator.store.steps import Write

#: Seconds and characters after which written text is stored, so that watchers see it.
FLUSH_SECONDS = 0.15
FLUSH_CHARACTERS = 1_000
#: Characters of one chunk, which fits into a frame.
LONGEST_CHUNK = 8_000


class Stream:
    """A text that grows. Use it in a `with` block: its end without an error is the end of the stream.

    A retry that opens the stream again writes it from the start, and watchers drop the old text.
    """

    def __init__(
        self,
        name: str,
        attempt: Attempt,
        side: Database,
        *,
        check: Callable[[], None],
        reject: Callable[[], None],
        announce: Callable[[str], None],
    ) -> None:
        self._name = name
        self._attempt = attempt
        self._side = side
        self._check = check
        self._reject = reject
        self._announce = announce
        self._generation: int | None = None
        self._written = 0
        self._waiting: list[str] = []
        self._waiting_size = 0
        self._flushed = 0.0
        self._ended = False

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.end()

    def write(self, text: str) -> None:
        """Add text. It is stored at once, or together with more text within 150 ms of the last time.

        Raise ValueError when the stream has more than 200,000 characters, LeaseLost or Cancelled when another attempt
        owns the task.
        """
        self._check()
        text = text.replace("\x00", "").encode("utf-8", "replace").decode()
        if self._written + self._waiting_size + len(text) > LONGEST_STREAM:
            raise ValueError(f"stream {self._name!r} would have more than {LONGEST_STREAM:,} characters")
        if not text:
            return
        self._waiting.append(text)
        self._waiting_size += len(text)
        if self._waiting_size >= FLUSH_CHARACTERS or time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        text = self._take()
        for start in range(0, len(text), LONGEST_CHUNK):
            self._store(text[start : start + LONGEST_CHUNK])
        self._flushed = time.monotonic()

    def _store(self, text: str) -> None:
        if self._generation is None:
            self._begin(text)
        else:
            self._append(streams.append_chunk, text)

    def _begin(self, text: str) -> None:
        begun = self._side.run(streams.begin_stream, self._attempt.id, self._attempt.token, self._name, text)
        if begun is None:
            self._reject()
            return
        self._generation, self._written = begun.generation, len(text)
        if begun.watched:
            self._announce(self._attempt.owner_id)

    def _append(self, statement: Callable[..., Write], text: str) -> None:
        attempt = self._attempt
        write = self._side.run(statement, attempt.id, attempt.token, self._name, self._generation, self._written, text)
        if write is Write.REJECTED:
            self._reject()
        self._written += len(text)
        if write is Write.WATCHED:
            self._announce(attempt.owner_id)

    def end(self) -> None:
        """Store what is left and end the stream, unless it has ended."""
        if self._ended:
            return
        self._ended = True
        self._check()
        text = self._take()
        while len(text) > LONGEST_CHUNK:
            self._store(text[:LONGEST_CHUNK])
            text = text[LONGEST_CHUNK:]
        if self._generation is None:
            self._begin(text)
            text = ""
        self._append(streams.end_stream, text)

    def _take(self) -> str:
        text = "".join(self._waiting)
        self._waiting, self._waiting_size = [], 0
        return text
