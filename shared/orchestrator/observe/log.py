"""The logger of every function: one JSON line per step of a task's life."""

from __future__ import annotations

from aws_lambda_powertools import Logger

#: Level from AGENT_LOG_LEVEL, set by bootstrap. Never give it a token, password or payload.
logger = Logger(service="agent-orchestrator", log_uncaught_exceptions=False)
