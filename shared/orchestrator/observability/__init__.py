"""Logs, metrics and traces: a log line per step, a metrics line per invocation, spans for a collector."""

from orchestrator.observability.logs import logger

__all__ = ["logger"]
