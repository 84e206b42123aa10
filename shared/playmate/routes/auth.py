"""Sign-up, login and logout: the accounts are the application's, the tokens the edge's."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.live.subscriptions import end_session
from orchestrator.http.app import Services, identity
from orchestrator.http.authentication import cleared_cookie, session_cookie
from orchestrator.http.errors import json_response
from orchestrator.http.login_throttling import SignIn
from orchestrator.http.operation import operation
from orchestrator.http.rate_limits import check_address
from orchestrator.http.request import read
from orchestrator.model.errors import InvalidInput, Unauthenticated
from playmate.passwords import hash_password, needs_new_hash, password_matches
from playmate.routes.names import shapes
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
        from playmate.routes.shapes import Signup

        check_address(services.db, services.tokens, router.current_event)
        body = read(Signup, router.current_event)
        hashed = hash_password(body.password)
        with services.db.acting(accounts.signing_in(body.name)):
            account = services.db.run(
                accounts.create_guardian, name=body.name, email=body.email, password_hash=hashed, role="guardian"
            )
        return _signed_in(services, _sign_in(services, router, str(account.id)), account, 201)

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
        from playmate.routes.shapes import Login

        try:
            body = read(Login, router.current_event)
        except InvalidInput:
            check_address(services.db, services.tokens, router.current_event)
            raise
        identifier = body.identifier.strip()
        with services.db.acting(accounts.signing_in(identifier)):
            found = services.db.run(accounts.find_credentials, identifier)
            # Whatever somebody calls an account, its tries are counted together.
            sign_in = _sign_in(
                services, router, str(found.account.id) if found else f"none {accounts.sign_in_key(identifier)}"
            )
            sign_in.begin()
            account = _check(services, sign_in, found, body.password)
        return _signed_in(services, sign_in, account, 200)

    @router.get("/auth/logout")
    @operation("Sign out of this browser", {200: shapes.Message}, tag="auth")
    def log_out() -> Response[Any]:
        caller = identity(router)
        end_session(services.db, caller.owner, caller.session)
        response = json_response(200, {"message": "You are signed out."})
        response.cookies.append(cleared_cookie(secure=services.secure_cookies))
        return response

    return router


def _sign_in(services: Services, router: Router, account: str) -> SignIn:
    return SignIn.of(services.db, services.tokens, router.current_event, account)


def _check(services: Services, sign_in: SignIn, found: Credentials | None, password: str) -> Account:
    """The account, or the same words after the same work whatever was wrong."""
    if not password_matches(found.password_hash if found else None, password) or found is None:
        sign_in.failed()
        raise Unauthenticated("Name or password is wrong.")
    if needs_new_hash(found.password_hash):
        new_hash = hash_password(password)
        services.db.run(accounts.replace_password_hash, found.account.id, found.password_hash, new_hash)
    return found.account


def _signed_in(services: Services, sign_in: SignIn, account: Account, status: int) -> Response[Any]:
    role = "operator" if account.role == "operator" else None
    token, lifetime = services.tokens.issue(str(account.id), account.name, role)
    body = {
        "status": "success",
        "data": [account.public()],
        "message": f"Welcome, {account.name}.",
        "accessToken": token,
        "expiresIn": lifetime,
    }
    response = json_response(status, body)
    response.cookies.append(session_cookie(token, secure=services.secure_cookies))
    response.cookies.append(sign_in.succeeded(secure=services.secure_cookies))
    return response
