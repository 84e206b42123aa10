"""What the system says of itself: a log line per step, one metrics blob per invocation, spans where a collector is."""

from orchestrator.observability.logs import logger

__all__ = ["logger"]
