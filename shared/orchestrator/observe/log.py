"""The logger of every function: one JSON line per step of a task's life."""

from __future__ import annotations

import re
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

#: Where Postgres quotes the row or the parameters that it refused: somebody's data.
_QUOTED = re.compile(r"^(DETAIL|CONTEXT|HINT):.*(?:\n(?!\s*File |Traceback|\S+Error).*)*", re.MULTILINE)


class DiscreetFormatter(LambdaPowertoolsFormatter):
    """Keeps tracebacks without what a database error quotes."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return _QUOTED.sub(r"\1: (not logged)", super().formatException(ei))


#: Level from AGENT_LOG_LEVEL, set by bootstrap. Never give it a token, password or payload.
logger = Logger(
    service="agent-orchestrator",
    location=None,
    log_uncaught_exceptions=False,
    logger_formatter=DiscreetFormatter(serialize_stacktrace=False),
)
