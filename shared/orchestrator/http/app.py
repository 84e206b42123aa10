"""The HTTP function: one resolver around all routers, behind one gate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.http.access_tokens import Identity, Tokens
from orchestrator.http.answer_tokens import answer_token, bears_answer_token
from orchestrator.http.authentication import SAFE_METHODS, authenticate, check_page
from orchestrator.http.errors import MethodNotAllowed, error_response, json_response, to_json
from orchestrator.http.operation import declared
from orchestrator.http.rate_limits import check_change
from orchestrator.http.request import check_body, given_trace, idempotency_key, traceparent
from orchestrator.model.errors import Forbidden, NotFound, Unauthenticated
from orchestrator.model.task import Json
from orchestrator.observability import logger, tracing
from orchestrator.store import row_security

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Route
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

    from orchestrator.aws.feature_flag_admin import FlagAdmin
    from orchestrator.aws.feature_flags import Flags
    from orchestrator.aws.queues import EventQueue, TaskQueue
    from orchestrator.engine.agents import Agents
    from orchestrator.http.cloudfront import OriginCheck
    from orchestrator.http.errors import JsonResponse
    from orchestrator.store.connection import Database
    from orchestrator.store.row_security import RowContext

#: Seconds for which a browser caches a preflight.
PREFLIGHT_AGE = 600
ALLOWED_HEADERS = "authorization, content-type, idempotency-key, traceparent"

SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts that routes use; bootstrap makes them once."""

    db: Database
    queue: TaskQueue
    dead_letters: TaskQueue
    events: EventQueue
    agents: Agents
    tokens: Tokens
    flags: Flags
    allowed_origins: frozenset[str]
    secure_cookies: bool
    websocket_url: str
    version: str
    #: The check that a request came through CloudFront; None where the API is public itself.
    origin_check: OriginCheck | None = None
    #: The means to change flags and token keys; None where there is nothing to change.
    flag_admin: FlagAdmin | None = None
    rotate_keys: Callable[[bool], str] | None = None
    #: The application's package: its openapi.json describes all that is served.
    application: str


RouterMaker = Callable[[Services], Router]


class App(APIGatewayHttpResolver):
    """The resolver of every route."""

    def routes(self) -> list[Route]:
        """Return the routes, those without parameters first. Powertools publishes no such list."""
        return [*self._static_routes, *self._dynamic_routes]


def build_app(services: Services, routers: Iterable[RouterMaker]) -> App:
    """Return the resolver that serves every router's routes behind the same gate."""
    app = App(serializer=to_json)
    known: set[Route] = set()
    app.use([_envelope(services), _gate(services, known)])
    for make in routers:
        app.include_router(make(services))
    known.update(app.routes())
    app.not_found(lambda _: _answer_unrouted(app))
    return app


def identity(router: Router | APIGatewayHttpResolver) -> Identity:
    """Return the caller; only inside a route that is not open."""
    return cast("Identity", router.context["identity"])


def has_identity(router: Router) -> bool:
    """Return whether the caller is signed in, and not only the bearer of an answer token."""
    return "identity" in router.context


def current_owner(router: Router | APIGatewayHttpResolver) -> str:
    """Return the subject of the caller's token: the owner of everything that the request does."""
    return identity(router).owner


def current_trace(router: Router) -> str:
    """Return the traceparent for the work that the request starts."""
    return str(router.context["traceparent"])


def current_operator(router: Router) -> str:
    """Return the operator as the audit trail keeps them: by name and id, because a name can be given again."""
    caller = identity(router)
    return f"{caller.name} ({caller.owner})"


def submit_task(services: Services, router: Router, task_type: str, payload: Mapping[str, Json]) -> JsonResponse:
    """Submit a task for the caller; return 202 with its id and status."""
    order = TaskRequest(
        owner=current_owner(router),
        type=task_type,
        payload=payload,
        idempotency_key=idempotency_key(router.current_event),
        traceparent=current_trace(router),
    )
    task = submit(services.db, services.queue, services.agents, order).task
    return json_response(202, {"taskId": str(task.id), "status": task.status.value, "traceId": task.trace_id})


def _envelope(services: Services) -> Callable[[APIGatewayHttpResolver, NextMiddleware], JsonResponse]:
    """Return the outermost middleware: every result and error becomes JSON with the common headers."""

    def envelope(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> JsonResponse:
        route: Route = app.context["_route"]
        name, parent = f"{route.method} {route.path}", given_trace(app.current_event)
        with tracing.span(name, parent=parent, kind="server", http_route=route.path):
            trace = traceparent(app.current_event)
            app.append_context(traceparent=trace)
            logger.append_keys(trace_id=tracing.trace_id(trace))
            response = answer(app, next_middleware, str(tracing.trace_id(trace)))
            tracing.annotate(http_response_status_code=response.status_code)
        logger.append_keys(method=route.method, route=route.path, status=response.status_code)
        return response

    def answer(app: APIGatewayHttpResolver, next_middleware: NextMiddleware, trace_id: str) -> JsonResponse:
        request_id = str(app.lambda_context.aws_request_id)
        try:
            response: JsonResponse = next_middleware(app)
            if response.body is not None and not isinstance(response.body, str | bytes):
                response.body = to_json(response.body)
        except Exception as error:
            response = error_response(error, request_id, trace_id)
        response.headers.update(SECURITY_HEADERS)
        response.headers["X-Request-Id"] = request_id
        response.headers.update(_cors_headers(app, services.allowed_origins))
        return response

    return envelope


def _gate(
    services: Services, known: Collection[Route]
) -> Callable[[APIGatewayHttpResolver, NextMiddleware], JsonResponse]:
    """Second: no route is reached by a caller or a page that may not, or with a body we do not take."""

    def gate(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> JsonResponse:
        if services.origin_check is not None:
            services.origin_check.admit(app.current_event)
        route: Route = app.context["_route"]
        if route not in known:
            return next_middleware(app)
        check_page(app.current_event, services.allowed_origins)
        whose = _admit(services, app, route)
        if route.method not in SAFE_METHODS:
            check_body(app.current_event)
            _count_change(services, app)
        with services.db.row_context(whose):
            return next_middleware(app)

    return gate


def _count_change(services: Services, app: APIGatewayHttpResolver) -> None:
    """Count the caller's changing request, also one that is refused later. Raise TooMany."""
    if "identity" in app.context:
        size = len(app.current_event.get("body") or "")
        check_change(services.db, services.tokens, current_owner(app), size)


def _admit(services: Services, app: APIGatewayHttpResolver, route: Route) -> RowContext:
    """Return the context of the rows that the route may see. Raise Unauthenticated, or Forbidden without the role."""
    promise = declared(route.func)
    access = promise.access if promise is not None else "user"
    if access == "open":
        return row_security.NOBODY
    if access == "answer":
        return _admit_answer(services, app)
    caller = authenticate(app.current_event, services.tokens, services.allowed_origins)
    if access == "operator" and caller.role != "operator":
        raise Forbidden("This is for operators.")
    app.append_context(identity=caller)
    if access == "operator":
        return row_security.operator(caller.owner, caller)
    return (
        row_security.owner(caller.owner, caller)
        if promise and promise.answers_the_erased
        else row_security.caller(caller.owner, caller)
    )


def _admit_answer(services: Services, app: APIGatewayHttpResolver) -> RowContext:
    """Return the rows of a caller, of an operator, or of an answer token. Raise Unauthenticated without all of them."""
    token = answer_token(app.current_event)
    bearer = row_security.NOBODY if token is None else row_security.setting("orchestrator.answer", token)
    if token is not None and bears_answer_token(app.current_event):
        return bearer
    try:
        caller = authenticate(app.current_event, services.tokens, services.allowed_origins)
    except Unauthenticated:
        if token is None:
            raise
        return bearer
    app.append_context(identity=caller)
    if caller.role == "operator":
        return row_security.operator(caller.owner, caller)
    own = row_security.caller(caller.owner, caller)
    return own if token is None else row_security.together(own, bearer)


def _answer_unrouted(app: App) -> JsonResponse:
    """404, 405, or a preflight's answer."""
    event = app.current_event
    methods = _methods_at(app, event.path)
    if not methods:
        raise NotFound("There is no such route.")
    if event.http_method == "OPTIONS" and event.headers.get("access-control-request-method"):
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": ", ".join(sorted(methods)),
                "Access-Control-Allow-Headers": ALLOWED_HEADERS,
                "Access-Control-Max-Age": str(PREFLIGHT_AGE),
            },
        )
    raise MethodNotAllowed(methods)


def _methods_at(app: App, path: str) -> frozenset[str]:
    """Return the methods of a path; a path without parameters hides the patterns that it matches."""
    fitting = [route for route in app.routes() if route.rule.match(path)]
    spelled_out = [route for route in fitting if route.rule.groups == 0]
    return frozenset(route.method for route in spelled_out or fitting)


def _cors_headers(app: APIGatewayHttpResolver, allowed_origins: frozenset[str]) -> dict[str, str]:
    headers = {"Vary": "Origin"}
    origin = app.current_event.headers.get("origin")
    if origin in allowed_origins:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Credentials"] = "true"
        headers["Access-Control-Expose-Headers"] = "X-Request-Id, Retry-After"
    return headers
