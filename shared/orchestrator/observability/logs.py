"""The logger of every function: one JSON line per step of a task's life."""

from __future__ import annotations

import logging
from types import TracebackType

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from typing_extensions import override

from orchestrator.observability.error_summary import outline

#: Loggers of the AWS SDK. At DEBUG they write whole responses: passwords, keys, session tokens.
SDK_LOGGERS = ("boto3", "botocore", "s3transfer", "urllib3")


def quiet_other_loggers() -> None:
    """Set the root logger and the SDK's loggers to WARNING, if they are lower.

    Lambda's Python runtime sets the root logger to the function's ApplicationLogLevel before it imports our code.
    """
    for name in (None, *SDK_LOGGERS):
        other = logging.getLogger(name)
        if other.level < logging.WARNING:
            other.setLevel(logging.WARNING)


quiet_other_loggers()

#: As `sys.exc_info` returns it.
ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class DiscreetFormatter(LambdaPowertoolsFormatter):
    """Return the type and origin of an exception, never its message."""

    @override
    def formatException(self, ei: ExceptionInfo) -> str:
        return outline(ei[1]) if ei[1] is not None else ""


#: Level from AGENT_LOG_LEVEL, set by bootstrap. Never give it a token, password or payload.
logger = Logger(
    service="agent-orchestrator",
    location=None,
    log_uncaught_exceptions=False,
    logger_formatter=DiscreetFormatter(serialize_stacktrace=False),
)
