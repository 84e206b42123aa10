"""The protection of people whose browser carries a cookie, and the access of our own pages."""

from __future__ import annotations

import pytest

from orchestrator.http.app import Services
from orchestrator.http.authentication import cleared_cookie, session_cookie
from tests.support.gateway import Caller
from tests.unit.orchestrator.http.conftest import ORIGIN, assert_refused


class TestCookie:
    def test_lifted_by_the_gateway(self, anyone: Caller, token: str) -> None:
        assert anyone.get("/who", cookies=["a=b", f"SessionID={token}"]).status == 200

    def test_left_in_the_headers(self, anyone: Caller, token: str) -> None:
        assert anyone.get("/who", headers={"Cookie": f"a=b; SessionID={token}; c"}).status == 200

    @pytest.mark.parametrize("cookie", ["SessionID=", "SessionID", "sessionid=x", "SessionID=x.y.z", ""])
    def test_a_bad_one_is_refused(self, anyone: Caller, cookie: str) -> None:
        assert_refused(anyone.get("/who", cookies=[cookie]), 401)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "null"},
            {"Origin": "https://evil.example"},
            {"Origin": ORIGIN + ".evil.example"},
            {"Origin": ORIGIN + "/"},
            {"Referer": ORIGIN},
        ],
        ids=str,
    )
    def test_a_change_from_elsewhere_is_refused(self, anyone: Caller, token: str, headers: dict[str, str]) -> None:
        answer = anyone.post("/echo", {"a": 1}, headers=headers, cookies=[f"SessionID={token}"])
        assert_refused(answer, 403)

    def test_a_change_from_our_page_is_served(self, anyone: Caller, token: str) -> None:
        answer = anyone.post("/echo", {"a": 1}, headers={"Origin": ORIGIN}, cookies=[f"SessionID={token}"])
        assert answer.json() == {"received": {"a": 1}}

    def test_a_bearer_needs_no_origin(self, ann: Caller) -> None:
        assert ann.post("/echo", {}).status == 200

    def test_two_that_differ_are_refused(self, anyone: Caller, token: str, services: Services) -> None:
        """Another site of the domain may have set one of them: whichever comes first."""
        theirs, _ = services.tokens.issue("8", "Mallory")
        for pair in ((token, theirs), (theirs, token)):
            cookies = [f"SessionID={each}" for each in pair]
            assert_refused(anyone.get("/who", cookies=cookies), 401)
            assert_refused(anyone.get("/who", headers={"Cookie": "; ".join(cookies)}), 401)
        assert anyone.get("/who", cookies=[f"SessionID={token}"] * 2).status == 200

    def test_no_script_and_no_other_site_gets_it(self) -> None:
        assert str(session_cookie("x.y.z", secure=True)) == (
            "SessionID=x.y.z; Path=/; Max-Age=1200; HttpOnly; Secure; SameSite=Lax"
        )
        assert "Max-Age=0" in str(cleared_cookie(secure=True))
        assert "Secure" not in str(session_cookie("x", secure=False))


class TestForeignPage:
    """Requests that a foreign page can make a browser send, to act as its visitor or to sign them in as another."""

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", "", ORIGIN + ".evil.example", "HTTPS://api.example"]
    )
    def test_no_route_is_reached_from_it(self, anyone: Caller, ann: Caller, origin: str) -> None:
        for caller, path in ((anyone, "/changes"), (ann, "/echo")):
            assert_refused(caller.post(path, {}, headers={"Origin": origin}), 403)

    def test_pages_of_the_site_and_of_the_api_s_own_origin_reach_it(self, anyone: Caller) -> None:
        for origin in (ORIGIN, "https://api.example"):
            assert anyone.post("/changes", {}, headers={"Origin": origin}).status == 200

    def test_clients_that_are_no_page_reach_it(self, anyone: Caller) -> None:
        assert anyone.post("/changes", {}).status == 200

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain; application/json",
            "application/jsonp",
            "text/json",
            "",
        ],
    )
    def test_a_body_that_a_form_can_send_is_refused_with_a_message(self, anyone: Caller, content_type: str) -> None:
        answer = anyone.post("/changes", {}, headers={"Content-Type": content_type})
        assert_refused(answer, 415)
        assert "application/json" in answer.json()["message"]

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"],
    )
    def test_json_by_any_of_its_names_is_taken(self, anyone: Caller, content_type: str) -> None:
        assert anyone.post("/changes", {}, headers={"Content-Type": content_type}).status == 200

    def test_where_there_is_no_body_it_needs_no_type(self, anyone: Caller) -> None:
        assert anyone.post("/changes").status == 200


class TestBrowser:
    def test_a_page_of_the_same_site_may_read(self, ann: Caller) -> None:
        headers = ann.get("/who", headers={"Origin": ORIGIN}).headers
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert headers["Access-Control-Allow-Credentials"] == "true"
        assert headers["Vary"] == "Origin"

    def test_another_page_may_not(self, ann: Caller) -> None:
        headers = ann.get("/who", headers={"Origin": "https://evil.example"}).headers
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Vary"] == "Origin"

    def test_refusals_can_be_read_too(self, anyone: Caller) -> None:
        for path in ("/who", "/nowhere", "/open/ours"):
            assert anyone.get(path, headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN

    def test_preflight(self, anyone: Caller) -> None:
        answer = anyone.send("OPTIONS", "/echo", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Methods"] == "POST"
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN

    @pytest.mark.parametrize("path", ["/health", "/who", "/nowhere", "/open/ours"])
    def test_headers_that_protect_are_always_there(self, anyone: Caller, path: str) -> None:
        headers = anyone.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" in headers
