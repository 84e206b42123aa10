"""The caller's sessions: renew the token, change the password, sign out everywhere."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.live.subscriptions import end_all_sessions
from orchestrator.http.app import Services, current_owner
from orchestrator.http.authentication import authenticate
from orchestrator.http.operation import operation
from orchestrator.http.request import read
from orchestrator.model.errors import Conflict, Fault, InvalidInput, Unauthenticated
from orchestrator.model.session import LONGEST_SESSION, Session
from orchestrator.store import row_security
from playmate.passwords import hash_password, password_matches
from playmate.routes.auth import SIGNED_IN, session_answer, sign_in_of, signed_in, signed_out
from playmate.schemas.names import shapes
from playmate.store import accounts
from playmate.store.accounts import Credentials, guardian_id


def session_routes(services: Services) -> Router:
    router = Router()

    @router.post("/auth/renew")
    @operation("Renew the token, at most 12 hours after the sign-in", {200: SIGNED_IN}, tag="auth")
    def renew() -> Response[Any]:
        services.tokens.read_keys()  # a container may still accept a revoked token: nobody renews one
        caller = authenticate(router.current_event, services.tokens, services.allowed_origins)
        found = _own_credentials(services, caller.owner)
        began_at = caller.signed_in_at or 0.0
        if caller.session is None or caller.generation is None or time.time() >= began_at + LONGEST_SESSION:
            raise Unauthenticated("You signed in more than twelve hours ago. Please sign in again.")
        session = Session(id=caller.session, generation=caller.generation, began_at=began_at)
        return session_answer(services, found.account, session, "You stay signed in.")

    @router.post("/auth/password")
    @operation(
        "Change the password and end all other sessions",
        {200: SIGNED_IN},
        body=shapes.PasswordChange,
        refusals=(409, 429),
        tag="auth",
    )
    def change_password() -> Response[Any]:
        from playmate.schemas.shapes import PasswordChange

        body = read(PasswordChange, router.current_event)
        found = _own_credentials(services, current_owner(router))
        sign_in = sign_in_of(services, router, str(found.account.id))
        sign_in.begin()
        if not password_matches(found.password_hash, body.current):
            sign_in.failed()
            raise InvalidInput("The current password is wrong.", [Fault("current", "is wrong")])
        _check_strength(body.password, found)
        new_hash = hash_password(body.password)
        owner = row_security.owner(str(found.account.id))
        with services.db.row_context(row_security.together(owner, accounts.signing_in(found.account.name))):
            changed = services.db.run(accounts.change_password, found.account.id, found.password_hash, new_hash)
        if not changed:
            raise Conflict("The password was changed somewhere else at the same moment. Please sign in again.")
        message = "Your password is changed. Other devices are signed out."
        with services.db.row_context(owner):  # the caller's session has just ended with the others
            return signed_in(services, sign_in, found.account, message=message)

    @router.post("/auth/logout-everywhere")
    @operation("End all sessions of the caller", {200: shapes.Message}, tag="auth")
    def log_out_everywhere() -> Response[Any]:
        found = _own_credentials(services, current_owner(router))
        end_all_sessions(services.db, str(found.account.id))
        return signed_out(services, "You are signed out on all devices.")

    return router


def _own_credentials(services: Services, owner: str) -> Credentials:
    """Return the caller's account. Raise Unauthenticated if it is gone, or if the session has ended."""
    guardian = services.db.run(accounts.get_guardian, guardian_id(owner))
    if guardian is not None:
        with services.db.row_context(accounts.signing_in(guardian.name)):
            found = services.db.run(accounts.find_credentials, guardian.name)
        if found is not None and found.account.id == guardian.id:
            return found
    raise Unauthenticated("This account no longer exists.")


def _check_strength(password: str, found: Credentials) -> None:
    from playmate.domain.password_strength import weakness

    weak = weakness(password, found.account.name, found.account.email)
    if weak:
        raise InvalidInput("The new password is too weak.", [Fault("password", weak)])
