"""Authentication: a bearer token, or the session cookie together with an allowed origin."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from orchestrator.http.access_tokens import LIFETIME, Identity, Tokens
from orchestrator.model.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

COOKIE = "SessionID"
#: Methods that change nothing, and so need no origin.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Characters; far above any token of the API, far below a size that would cost time.
LONGEST_TOKEN = 8_192


def check_page(event: BaseProxyEvent, allowed_origins: Collection[str]) -> None:
    """Raise Forbidden for a changing request from a page of another site, with or without an identity.

    A browser names the page (`Origin`); a request without the header comes from no page.
    """
    origin = event.headers.get("origin")
    if event.http_method in SAFE_METHODS or origin is None or origin in allowed_origins:
        return
    if origin != f"https://{event['requestContext'].get('domainName')}":
        raise Forbidden("A changing request from a page must come from one we know.")


def authenticate(event: BaseProxyEvent, tokens: Tokens, allowed_origins: Collection[str]) -> Identity:
    """Return the caller. Raise Unauthenticated, or Forbidden for a changing request by cookie from elsewhere."""
    authorization = event.headers.get("authorization")
    if authorization is not None:
        return tokens.verify(_bearer(authorization))
    cookie = _session_cookie(event)
    if cookie is None:
        raise Unauthenticated("Please sign in.")
    identity = tokens.verify(_bounded(cookie))
    if event.http_method not in SAFE_METHODS and event.headers.get("origin") not in allowed_origins:
        raise Forbidden("A changing request by cookie must come from an origin we know.")
    return identity


def session_cookie(token: str, *, secure: bool) -> Cookie:
    return Cookie(
        name=COOKIE,
        value=token,
        path="/",
        secure=secure,
        http_only=True,
        same_site=SameSite.LAX_MODE,
        max_age=LIFETIME,
    )


def cleared_cookie(*, secure: bool) -> Cookie:
    return Cookie(
        name=COOKIE, value="", path="/", secure=secure, http_only=True, same_site=SameSite.LAX_MODE, max_age=0
    )


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("The Authorization header must be `Bearer <token>`.")
    return _bounded(token.strip())


def _bounded(token: str) -> str:
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise Unauthenticated("The access token is not valid.")
    return token


def _session_cookie(event: BaseProxyEvent) -> str | None:
    """Return the cookie. Raise Unauthenticated for two that differ: another site of the domain may have set one."""
    found = set(cookies_of(event, COOKIE))
    if len(found) > 1:
        raise Unauthenticated("Your browser sends two sessions. Please remove our cookies and sign in again.")
    return next(iter(found), None)


def cookies_of(event: BaseProxyEvent, wanted: str) -> Iterator[str]:
    """Return the values of that name. API Gateway lifts cookies out of the headers; other hosts do not."""
    lifted = event.get("cookies")
    pairs = lifted if lifted else event.headers.get("cookie", "").split(";")
    for pair in pairs:
        name, _, value = pair.strip().partition("=")
        if name == wanted and value:
            yield str(value)
