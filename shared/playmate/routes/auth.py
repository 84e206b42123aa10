"""Sign-up, sign-in and sign-out. The application keeps the accounts, the engine the tokens and sessions."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.live.subscriptions import end_session
from orchestrator.http.app import Services
from orchestrator.http.authentication import authenticate, cleared_cookie, session_cookie
from orchestrator.http.errors import json_response
from orchestrator.http.login_throttling import SignIn
from orchestrator.http.operation import operation
from orchestrator.http.rate_limits import check_address
from orchestrator.http.request import read
from orchestrator.model.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from orchestrator.model.session import Session
from orchestrator.store import row_security, sessions
from playmate.passwords import hash_password, needs_new_hash, password_matches
from playmate.schemas.names import shapes
from playmate.store import accounts
from playmate.store.accounts import Account, Credentials

SIGNED_IN = shapes.SignedIn


def auth_routes(services: Services) -> Router:
    router = Router()

    @router.post("/auth/signup")
    @operation(
        "Open an account",
        {201: SIGNED_IN},
        body=shapes.Signup,
        refusals=(409, 429),
        access="open",
        tag="auth",
    )
    def sign_up() -> Response[Any]:
        from playmate.schemas.shapes import Signup

        check_address(services.db, services.tokens, router.current_event)
        body = read(Signup, router.current_event)
        hashed = hash_password(body.password)
        with services.db.row_context(accounts.signing_in(body.name)):
            account = services.db.run(
                accounts.create_guardian, name=body.name, email=body.email, password_hash=hashed, role="guardian"
            )
        return signed_in(services, sign_in_of(services, router, str(account.id)), account, status=201)

    @router.post("/auth/login")
    @operation(
        "Sign in by name or e-mail address",
        {200: SIGNED_IN},
        body=shapes.Login,
        refusals=(401, 429),
        access="open",
        tag="auth",
    )
    def log_in() -> Response[Any]:
        from playmate.schemas.shapes import Login

        try:
            body = read(Login, router.current_event)
        except InvalidInput:
            check_address(services.db, services.tokens, router.current_event)
            raise
        identifier = body.identifier.strip()
        with services.db.row_context(accounts.signing_in(identifier)):
            found = services.db.run(accounts.find_credentials, identifier)
            # Every spelling of an account's name or address counts for the same account.
            sign_in = sign_in_of(
                services, router, str(found.account.id) if found else f"none {accounts.sign_in_key(identifier)}"
            )
            sign_in.begin()
            account = _check(services, sign_in, found, body.password)
        return signed_in(services, sign_in, account)

    @router.post("/auth/login/social")
    @operation("Sign in by another service: not available", {}, access="open", refusals=(404,), tag="auth")
    def social_log_in() -> Response[Any]:
        raise NotFound("This way of signing in is not available. Please sign in with your name and password.")

    @router.get("/auth/logout")
    @operation("Sign out of this browser", {200: shapes.Message}, access="open", tag="auth")
    def log_out() -> Response[Any]:
        try:
            caller = authenticate(router.current_event, services.tokens, services.allowed_origins)
            end_session(services.db, caller.owner, caller.session)
        except (Unauthenticated, Forbidden):
            pass  # no session to end; the cookie is cleared in any case
        return signed_out(services, "You are signed out.")

    return router


def sign_in_of(services: Services, router: Router, account: str) -> SignIn:
    return SignIn.of(services.db, services.tokens, router.current_event, account)


def signed_in(
    services: Services, sign_in: SignIn, account: Account, *, status: int = 200, message: str = ""
) -> Response[Any]:
    """Begin a session and return the answer to a sign-in."""
    owner = str(account.id)
    with services.db.row_context(row_security.caller(owner)):
        session = Session(generation=services.db.run(sessions.generation, owner))
    response = session_answer(services, account, session, message or f"Welcome, {account.name}.", status)
    response.cookies.append(sign_in.succeeded(secure=services.secure_cookies))
    return response


def session_answer(
    services: Services, account: Account, session: Session, message: str, status: int = 200
) -> Response[Any]:
    """Return the account with a new token of the session, also as a cookie."""
    role = "operator" if account.role == "operator" else None
    token, lifetime = services.tokens.issue(str(account.id), account.name, role, session)
    body = {
        "status": "success",
        "data": [account.public()],
        "message": message,
        "accessToken": token,
        "expiresIn": lifetime,
    }
    response = json_response(status, body)
    response.cookies.append(session_cookie(token, secure=services.secure_cookies))
    return response


def signed_out(services: Services, message: str) -> Response[Any]:
    response = json_response(200, {"message": message})
    response.cookies.append(cleared_cookie(secure=services.secure_cookies))
    return response


def _check(services: Services, sign_in: SignIn, found: Credentials | None, password: str) -> Account:
    """Return the account. Raise Unauthenticated with the same message, after the same work, for every cause."""
    if not password_matches(found.password_hash if found else None, password) or found is None:
        sign_in.failed()
        raise Unauthenticated("Name or password is wrong." + _outer_space(password))
    if needs_new_hash(found.password_hash, password):
        new_hash = hash_password(password)
        services.db.run(accounts.replace_password_hash, found.account.id, found.password_hash, new_hash)
    return found.account


def _outer_space(password: str) -> str:
    """Return a hint about the password as it was typed; it says nothing about the account's password."""
    return " The password that you typed begins or ends with a space." if password != password.strip() else ""
