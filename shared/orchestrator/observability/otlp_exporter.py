"""The OpenTelemetry exporter: imported only when a collector is configured.

Spans travel as OTLP's JSON over HTTP, which the ADOT layer and every other collector take on port 4318.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from orchestrator.observability.logs import logger
from orchestrator.observability.tracing import Value

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
    def span(self, name: str, parent: str | None, kind: str, attributes: Mapping[str, Value | None]) -> Iterator[str]:
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

    def annotate(self, attributes: Mapping[str, Value | None]) -> None:
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
    """Return a function that sends spans to a collector; a failure is logged and delays no task."""
    exporter = OTLPSpanExporter(endpoint.rstrip("/") + "/v1/traces", timeout=PATIENCE)

    def send(spans: Sequence[ReadableSpan]) -> None:
        if exporter.export(spans) is not SpanExportResult.SUCCESS:
            logger.warning("spans not delivered", extra={"spans": len(spans)})

    return send


def _traceparent(made: trace.Span) -> str:
    context = made.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
