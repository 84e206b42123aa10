"""MiniStack with a few local corrections towards AWS; run by the emulator's own interpreter.

Each correction reaches into private names, so another version of MiniStack is refused. The application is
correct without them: they make local runs quicker, show logs and metrics that would be lost, and turn
answers into the ones AWS gives.
"""
# ruff: noqa: E402, SLF001 - only the verified version is imported, and it corrects private names

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import sys
import tempfile
import threading
import time
import types
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

VERIFIED = "1.5.33"

if importlib.metadata.version("ministack") != VERIFIED:
    sys.exit(f"The corrections in {__file__} were verified on MiniStack {VERIFIED}: verify them anew.")

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway, cloudwatch, cloudwatch_logs, lambda_svc
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Event = dict[str, Any]
Result = dict[str, Any]

#: The one entry of an archive that stands for a folder unpacked already.
LINK = "unpacked-at"


def _adapt(resource_type: str, change: Callable[[Properties], Properties]) -> None:
    """Let CloudFormation see `change(properties)` whenever it creates or updates this type."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def create_adapted(name: str, properties: Properties, stack: str) -> Any:
        return create(name, change(properties), stack)

    def update_adapted(known: str, old: Properties, new: Properties, *more: Any, **named: Any) -> Any:
        return update(known, change(old), change(new), *more, **named)

    handlers["create"], handlers["update"] = create_adapted, update_adapted


def honour_cors_of_templates() -> None:
    """CloudFormation writes CorsConfiguration in PascalCase; the gateway reads camelCase."""

    def camel(properties: Properties) -> Properties:
        cors = properties.get("CorsConfiguration")
        if not cors:
            return properties
        lowered = {key[0].lower() + key[1:]: value for key, value in cors.items()}
        return {**properties, "CorsConfiguration": lowered}

    _adapt("AWS::ApiGatewayV2::Api", camel)


def take_numbers_from_parameters() -> None:
    """Turn a Number parameter, which arrives as text, into a number: the queue poller compares it."""

    def with_number(properties: Properties) -> Properties:
        scaling = properties.get("ScalingConfig")
        if not scaling:
            return properties
        return {**properties, "ScalingConfig": {key: int(value) for key, value in scaling.items()}}

    _adapt("AWS::Lambda::EventSourceMapping", with_number)


def unpack_layers_once() -> None:
    """Give every worker a link to one copy of each layer; the stock code unpacks it for every worker."""
    plain_resolve, plain_spawn = lambda_svc._resolve_layer_zip, lambda_runtime.Worker._spawn
    copies, spawning, unpacking = tempfile.mkdtemp(prefix="layers-"), threading.local(), threading.Lock()

    class LinkingZip(zipfile.ZipFile):
        def extractall(self, path: Any = None, *more: Any, **named: Any) -> None:
            if self.namelist() != [LINK]:
                super().extractall(path, *more, **named)
                return
            copy = self.read(LINK).decode()
            for name in os.listdir(copy):
                os.symlink(os.path.join(copy, name), os.path.join(path, name))

    def resolve(reference: Any) -> Any:
        if not getattr(spawning, "now", False):
            return plain_resolve(reference)
        arn = reference if isinstance(reference, str) else reference.get("Arn", "")
        copy = os.path.join(copies, arn.replace(":", "_"))
        with unpacking:
            if not os.path.isdir(copy):
                with zipfile.ZipFile(io.BytesIO(plain_resolve(reference))) as archive:
                    archive.extractall(copy)
        pointer = io.BytesIO()
        with zipfile.ZipFile(pointer, "w") as archive:
            archive.writestr(LINK, copy)
        return pointer.getvalue()

    def spawn(worker: Any) -> None:
        spawning.now = True
        try:
            plain_spawn(worker)
        finally:
            spawning.now = False

    lambda_svc._resolve_layer_zip = resolve
    lambda_runtime.Worker._spawn = spawn
    lambda_runtime.zipfile = types.SimpleNamespace(
        ZipFile=LinkingZip, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )


def complete_invocations() -> None:
    """Add cookies and trace ids to events, and print metrics and the logs of WebSocket functions."""
    plain_invoke = lambda_runtime.Worker.invoke
    emit_metrics = lambda_svc._emit_lambda_metrics

    def emit_throttles_only(name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle:
            emit_metrics(name, duration_ms, error, throttle)

    def invoke(worker: Any, event: Event, request_id: str, **named: Any) -> Result:
        if isinstance(event, dict):
            event = _with_cookies(event)
            trace = _trace_of(event)
            if trace:
                named["trace_id"] = trace
        began = time.monotonic()
        result: Result = plain_invoke(worker, event, request_id, **named)
        elapsed = (time.monotonic() - began) * 1000
        emit_metrics(worker.func_name, elapsed, result.get("status") == "error", False)
        _keep_websocket_log(worker, event, request_id, result, elapsed)
        for metric in _embedded_metrics(result.get("log") or ""):
            cloudwatch.record_metric(*metric)
        cloudwatch._evaluate_all_alarms()
        return result

    # The stock code emits for SDK calls alone; `invoke` now does for every path.
    lambda_svc._emit_lambda_metrics = emit_throttles_only
    lambda_runtime.Worker.invoke = invoke


def _with_cookies(event: Event) -> Event:
    cookie = (event.get("headers") or {}).get("cookie")
    if event.get("version") != "2.0" or not cookie:
        return event
    return {**event, "cookies": [part.strip() for part in cookie.split(";") if part.strip()]}


def _trace_of(event: Event) -> str | None:
    records = event.get("Records")
    if records and isinstance(records[0], dict):
        return (records[0].get("attributes") or {}).get("AWSTraceHeader")
    return (event.get("headers") or {}).get("x-amzn-trace-id")


def _keep_websocket_log(worker: Any, event: Event, request_id: str, result: Result, elapsed: float) -> None:
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not (isinstance(context, dict) and context.get("connectionId") and context.get("eventType")):
        return
    failed = result.get("status") == "error"
    text = "\n".join([result.get("log") or "", (result.get("trace") or "") if failed else ""])
    lambda_svc._emit_lambda_logs({"config": worker.config}, request_id, text, failed, int(elapsed))


def _embedded_metrics(log: str) -> Iterator[tuple[str, str, float, str, dict[str, str]]]:
    for line in log.splitlines():
        if not (line.startswith("{") and '"_aws"' in line):
            continue
        try:
            record = json.loads(line)
        except ValueError:
            continue
        for directive in record.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in directive.get("Dimensions") or [[]]:
                dimensions = {name: str(record[name]) for name in names if name in record}
                for metric in directive["Metrics"]:
                    values = record.get(metric["Name"])
                    for value in values if isinstance(values, list) else [values]:
                        if value is not None:
                            unit = metric.get("Unit", "None")
                            yield directive["Namespace"], metric["Name"], float(value), unit, dimensions


def waste_no_time_on_silence() -> None:
    """Avoid the 50 ms that the stock code waits for a handler that logs nothing."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.005, 0.002, 0.250)


def serve_sockets_side_by_side() -> None:
    """Run events of a WebSocket function side by side; the stock code has one worker for all."""

    class Lease:
        def __init__(self, *positional: Any, **named: Any) -> None:
            self.positional, self.named = positional, named

        def invoke(self, *arguments: Any, **named: Any) -> Any:
            worker, _ = lambda_runtime.acquire_worker(*self.positional, **self.named)
            try:
                return worker.invoke(*arguments, **named)
            finally:
                lambda_runtime.release_worker(worker)

    lambda_runtime.get_or_create_worker = Lease


def hide_function_errors() -> None:
    """API Gateway says no more than this when a function fails."""
    convert = lambda_svc.lambda_execute_result_to_api_proxy_response
    body = '{"message":"Internal Server Error"}'
    answer = {"statusCode": 500, "headers": {"Content-Type": "application/json"}, "body": body}

    def convert_quietly(result: Result) -> Any:
        if result.get("error") and not result.get("throttle"):
            return answer, None
        return convert(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = convert_quietly


def echo_subprotocols() -> None:
    """Answer the subprotocol of a handshake: browsers refuse it otherwise."""
    plain = apigateway.handle_websocket

    async def handle(scope: dict[str, Any], receive: Any, send: Any, *more: Any, **named: Any) -> Any:
        offered = scope.get("subprotocols") or []

        async def send_with_protocol(message: dict[str, Any]) -> None:
            if message.get("type") == "websocket.accept" and offered:
                message = {**message, "subprotocol": offered[0]}
            await send(message)

        return await plain(scope, receive, send_with_protocol, *more, **named)

    apigateway.handle_websocket = handle


def understand_log_patterns() -> None:
    """Match lines with JSON patterns; for the stock code every line fits."""
    from tools.local_stack.log_filter import matcher

    plain = cloudwatch_logs._compile_filter_pattern
    cloudwatch_logs._compile_filter_pattern = lambda raw: matcher(raw) if raw.lstrip().startswith("{") else plain(raw)


CORRECTIONS = (
    honour_cors_of_templates,
    take_numbers_from_parameters,
    unpack_layers_once,
    complete_invocations,
    waste_no_time_on_silence,
    serve_sockets_side_by_side,
    hide_function_errors,
    echo_subprotocols,
    understand_log_patterns,
)

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    for correct in CORRECTIONS:
        correct()
    app.main()
