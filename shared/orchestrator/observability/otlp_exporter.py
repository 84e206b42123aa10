"""The OpenTelemetry exporter: imported only when a collector is configured.

The collector is spoken to in OTLP's JSON over HTTP, which needs no library; the ADOT layer and every other collector
take it on port 4318.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from orchestrator.observability.logs import logger

#: Seconds the collector may take; tracing never makes a task wait longer.
PATIENCE = 1.0
#: Spans one invocation sends at most.
MOST_SPANS = 2_000

Send = Callable[[Sequence[ReadableSpan]], None]
_KINDS = {kind.name.lower(): kind for kind in SpanKind}
_W3C = TraceContextTextMapPropagator()


class Recorder(SpanProcessor):
    """Creates spans and stores the ended ones until they are flushed."""

    def __init__(self, send: Send, *, version: str, environment: str) -> None:
        resource = Resource(
            {
                "service.name": "agent-orchestrator",
                "service.version": version,
                "deployment.environment.name": environment,
            }
        )
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(self)
        self._tracer = provider.get_tracer("orchestrator")
        self._send = send
        self._ended: list[ReadableSpan] = []

    @contextmanager
    def span(self, name: str, parent: str | None, kind: str, attributes: Mapping[str, Any]) -> Iterator[str]:
        given = {key.replace("_", "."): value for key, value in attributes.items() if value is not None}
        context: Context | None = None
        if parent is not None:
            context = _W3C.extract({"traceparent": parent})
        with self._tracer.start_as_current_span(
            name, context, _KINDS[kind], given, record_exception=False, set_status_on_exception=False
        ) as made:
            try:
                yield _traceparent(made)
            except BaseException as error:
                made.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def current(self) -> str | None:
        made = trace.get_current_span()
        return _traceparent(made) if made.get_span_context().is_valid else None

    def annotate(self, attributes: Mapping[str, Any]) -> None:
        made = trace.get_current_span()
        for key, value in attributes.items():
            if value is not None:
                made.set_attribute(key.replace("_", "."), value)

    def on_end(self, span: ReadableSpan) -> None:
        if len(self._ended) < MOST_SPANS:
            self._ended.append(span)

    def flush(self) -> None:
        ended, self._ended = self._ended, []
        if ended:
            self._send(ended)


def collector(endpoint: str) -> Send:
    """Sends spans to a collector; a failure is logged and delays no task."""
    address = endpoint.rstrip("/") + "/v1/traces"

    def send(spans: Sequence[ReadableSpan]) -> None:
        body = json.dumps(otlp(spans), separators=(",", ":")).encode()
        request = Request(address, body, {"Content-Type": "application/json"})  # noqa: S310 - a setting, whose scheme settings.py checks
        try:
            with urlopen(request, timeout=PATIENCE):  # noqa: S310 - as above
                pass
        except OSError as error:
            logger.warning("spans not delivered", spans=len(spans), error=type(error).__name__)

    return send


def otlp(spans: Sequence[ReadableSpan]) -> dict[str, Any]:
    """Return spans of one resource as OTLP JSON."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(spans[0].resource.attributes)},
                "scopeSpans": [{"scope": {"name": "orchestrator"}, "spans": [_span(each) for each in spans]}],
            }
        ]
    }


def _span(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    assert context is not None  # noqa: S101 - a span that has ended has one
    written: dict[str, Any] = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "name": span.name,
        "kind": span.kind.value + 1,  # OTLP keeps 0 for "unspecified"
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes or {}),
        "status": {"code": span.status.status_code.value},
    }
    if span.parent is not None:
        written["parentSpanId"] = f"{span.parent.span_id:016x}"
    return written


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": str(value)}


def _traceparent(made: trace.Span) -> str:
    context = made.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
