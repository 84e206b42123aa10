"""Spans of one trace from the browser's request through the queue into worker, steps, children and push.

Without a collector nothing of OpenTelemetry is imported and `span` does nothing; the trace id still travels, so that
the log lines of one task can be found by it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from orchestrator.observability.otlp_exporter import Recorder

Kind = Literal["internal", "server", "producer", "consumer", "client"]
Value = str | int | float | bool


@dataclass(slots=True)
class _Switch:
    """The recorder of this process; None: spans are not recorded."""

    recorder: Recorder | None = None


_switch = _Switch()


def configure(endpoint: str, *, version: str, environment: str) -> None:
    """Send spans to an OTLP/HTTP collector from now on; an empty endpoint sends none."""
    if not endpoint:
        _switch.recorder = None
        return
    from orchestrator.observability.otlp_exporter import Recorder, collector

    _switch.recorder = Recorder(collector(endpoint), version=version, environment=environment)


def record_with(recorder: Recorder | None) -> None:
    """Give the spans to a test."""
    _switch.recorder = recorder


def span(
    name: str, *, parent: str | None = None, kind: Kind = "internal", **attributes: Value | None
) -> AbstractContextManager[str | None]:
    """Record a span around a block: a child of `parent` (a traceparent), else of the span around it.

    Yield the traceparent for calls inside the block: the span's own, or `parent` when nothing is recorded.
    """
    if _switch.recorder is None:
        return nullcontext(parent)
    return _switch.recorder.span(name, parent, kind, attributes)


def current() -> str | None:
    """Return the traceparent of the span around this call, if one is recorded."""
    return _switch.recorder.current() if _switch.recorder is not None else None


def annotate(**attributes: Value | None) -> None:
    """Add attributes to the span around this call."""
    if _switch.recorder is not None:
        _switch.recorder.annotate(attributes)


def flush() -> None:
    """Send the ended spans at the end of an invocation, before the container is frozen."""
    if _switch.recorder is not None:
        _switch.recorder.flush()


def trace_id(traceparent: str | None) -> str | None:
    """Return the trace id of a traceparent, as log lines and responses show it."""
    return traceparent.split("-")[1] if traceparent else None
