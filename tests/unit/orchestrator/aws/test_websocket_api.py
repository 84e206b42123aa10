from __future__ import annotations

from typing import Any

import pytest

from orchestrator.aws import websocket_api
from orchestrator.aws.clients import CloudError
from orchestrator.aws.websocket_api import Delivery, Sockets


@pytest.mark.parametrize(
    ("code", "delivery"),
    [
        (None, Delivery.SENT),
        ("GoneException", Delivery.GONE),
        ("LimitExceededException", Delivery.FAILED),
        ("ConnectTimeoutError", Delivery.FAILED),
    ],
)
def test_results_of_a_frame(monkeypatch: pytest.MonkeyPatch, code: str | None, delivery: Delivery) -> None:
    asked: list[dict[str, Any]] = []

    def answer(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        if code is not None:
            raise CloudError(service, operation, code)
        return {}

    monkeypatch.setattr(websocket_api, "call", answer)
    gateway = Sockets("https://gateway.example/live")
    assert gateway.post("c1", b"{}") is delivery
    gateway.delete("c1")
    assert [each["endpoint"] for each in asked] == ["https://gateway.example/live"] * 2
    assert asked[0]["Data"] == b"{}"
