"""An invocation that fails raises, and Lambda logs the error's message."""

from __future__ import annotations

from io import StringIO
from typing import Any, cast

import pytest

from orchestrator.entrypoints.lambda_handler import InvocationFailed, entry
from orchestrator.settings import SettingsError
from tests.support.gateway import LambdaContext

CONTEXT = cast("Any", LambdaContext())


def failing(error: Exception) -> Any:
    @entry
    def handler(event: object, context: object) -> None:
        raise error

    return handler


def test_its_error_message_goes_nowhere(logged: StringIO) -> None:
    with pytest.raises(InvocationFailed) as caught:
        failing(ValueError("Kim is 6"))({}, CONTEXT)
    assert str(caught.value).startswith("ValueError in test_lambda_handler.py:handler, ")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "Kim" not in logged.getvalue()
    assert "invocation failed" in logged.getvalue()


def test_messages_about_the_project_s_code_are_logged_unchanged() -> None:
    with pytest.raises(SettingsError, match="JWT_SECRET_ARN"):
        failing(SettingsError(["JWT_SECRET_ARN is not set"]))({}, CONTEXT)
