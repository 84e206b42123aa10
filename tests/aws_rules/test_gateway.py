"""Limits of API Gateway: time, size of frames and of answers, headers that another origin may read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from orchestrator.engine.context.stream import LONGEST_CHUNK
from orchestrator.engine.live.frames import _stream_frame, _update_frame
from orchestrator.http.request import LARGEST_BODY
from orchestrator.model.states import Status
from orchestrator.store.events import FeedEvent
from tests.aws_rules.conftest import Resource

#: Seconds an integration may take: a WebSocket API's 29, an HTTP API's 30.
LONGEST_INTEGRATION = 29
#: Bytes of a WebSocket message, and of one frame of it from a client.
LARGEST_MESSAGE, LARGEST_CLIENT_FRAME = 128 * 1024, 32 * 1024
#: Bytes that Lambda takes from and gives to a caller who waits.
LARGEST_PAYLOAD = 6 * 1024 * 1024
#: And from a caller who does not wait.
LARGEST_ASYNCHRONOUS = 256 * 1024


def test_functions_behind_a_gateway_answer_before_it_gives_up(
    template: dict[str, Any], functions: dict[str, Resource]
) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html, and …/websocket-api-quotas."""
    usual = template["Globals"]["Function"]["Timeout"]
    for name in ("ApiFunction", "WebsocketFunction"):
        assert functions[name].get("Timeout", usual) <= LONGEST_INTEGRATION


@pytest.mark.parametrize("size", [1_000, 60_000, 78_000, 85_000, 91_000, 119_000, 125_000, 131_000, 200_000, 1_000_000])
def test_no_update_is_larger_than_a_websocket_message(size: int) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html."""
    event = FeedEvent(
        task_id=uuid4(),
        type="t" * 100,
        status=Status.COMPLETED,
        attempts=1,
        max_attempts=5,
        created_at=datetime.now(UTC),
        seq=2**40,
        kind="completed",
        result={"text": "x" * size},
        data={"progress": {"text": "y" * (size // 2)}, "step": "s" * 100},
        result_truncated=False,
        traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
    )
    frame = _update_frame(event, "c" * 500)
    assert len(frame) <= LARGEST_MESSAGE
    assert json.loads(frame)["task"].get("resultTruncated", False) is (size > 78_000)


@pytest.mark.parametrize("character", ["a", "\x01", "😀"])
def test_the_longest_piece_of_a_stream_fits_into_a_websocket_message(character: str) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html."""
    event = FeedEvent(
        task_id=uuid4(),
        type="t" * 100,
        status=Status.PROCESSING,
        attempts=1,
        max_attempts=5,
        created_at=datetime.now(UTC),
        seq=2**40,
        kind="stream",
        result=None,
        data={"stream": "s" * 100, "generation": 1, "offset": 10**6, "done": False},
        result_truncated=False,
        traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        text=character * LONGEST_CHUNK,
    )
    assert len(_stream_frame(event, "c" * 500)) <= LARGEST_MESSAGE


def test_a_client_s_message_fits_into_one_frame() -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html.

    A subscription to the most tasks that the API takes, with the longest cursor.
    """
    from orchestrator.entrypoints.websocket import LONGEST_CURSOR, MOST_TASKS

    message = {
        "action": "subscribe",
        "cursor": "c" * LONGEST_CURSOR,
        "taskIds": [str(uuid4()) for _ in range(MOST_TASKS)],
    }
    assert len(json.dumps(message)) <= LARGEST_CLIENT_FRAME


def test_a_body_that_the_api_takes_fits_into_an_invocation() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB; binary bodies grow by a third."""
    assert LARGEST_BODY * 4 / 3 < LARGEST_PAYLOAD


def test_another_origin_may_read_the_headers_that_clients_need(resources: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html.

    With CORS configured, API Gateway ignores the CORS headers that a function returns.
    """
    cors = resources["HttpApi"]["Properties"]["CorsConfiguration"]["Fn::If"][1]
    assert set(cors["ExposeHeaders"]) == {"x-request-id", "retry-after"}


def test_access_logs_need_no_entry_in_the_account_s_log_policy(resources: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html: /aws/vendedlogs/."""
    target = resources["HttpStage"]["Properties"]["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"][0]
    assert resources[target]["Properties"]["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/")


def test_routes_are_not_billed_as_metrics(resources: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html: detailed ones are custom."""
    assert not resources["HttpStage"]["Properties"]["DefaultRouteSettings"].get("DetailedMetricsEnabled")


@pytest.mark.parametrize("file", ["infrastructure/pages.yaml", "infrastructure/cloudfront.yaml"])
def test_cloudfront_keeps_no_error(family: dict[str, dict[str, Any]], file: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html: 10 s.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html lists the codes.
    """
    distribution = family[file]["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    kept = {one["ErrorCode"]: one["ErrorCachingMinTTL"] for one in distribution["CustomErrorResponses"]}
    assert kept == dict.fromkeys((400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504), 0)


def test_events_that_nobody_waits_for_are_small(family: dict[str, dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: an asynchronous invocation's payload.

    It was 256 KB until October 2025, and is 1 MB since.
    """
    inputs = [
        target["Input"]
        for template in family.values()
        for one in template["Resources"].values()
        if one["Type"] == "AWS::Events::Rule"
        for target in one["Properties"]["Targets"]
        if "Input" in target
    ]
    assert inputs
    assert max(map(len, inputs)) <= LARGEST_ASYNCHRONOUS
    for name in ("MigrateBefore", "MigrateAfter"):
        given = family["template.yaml"]["Resources"][name]["Properties"]
        assert len(json.dumps(given)) <= LARGEST_ASYNCHRONOUS
