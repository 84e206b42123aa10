"""The application's HTTP routes on a real database."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

from orchestrator.http.app import Services
from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate.domain.coordinates import Point
from playmate.schemas import shapes
from tests.integration.conftest import signed_in
from tests.integration.playmate.conftest import LONDON, MakeFamily
from tests.support.gateway import Answer, Caller

Run = Callable[..., Ran]
PASSWORD = "correct horse battery"


def faults(answer: Answer) -> set[str]:
    assert answer.status == 400, answer.text
    return {fault["field"] for fault in answer.json()["faults"]}


@pytest.fixture
def caller(anyone: Caller, services: Services) -> Callable[[int], Caller]:
    return lambda guardian: signed_in(anyone, services, str(guardian))


class TestAccounts:
    def sign_up(self, anyone: Caller, name: str = "Amira") -> Answer:
        body = {"name": name, "email": f"{name}@Example.com", "password": PASSWORD}
        return anyone.post("/auth/signup", body)

    def test_sign_up_then_in_by_name_or_address(self, anyone: Caller) -> None:
        answer = self.sign_up(anyone)
        assert answer.status == 201
        body = shapes.SignedIn.model_validate(answer.json())
        assert (body.data[0].name, body.data[0].email) == ("Amira", "amira@example.com")
        for field, value in (("identifier", "aMIRA"), ("username", "Amira"), ("email", "AMIRA@example.com")):
            again = anyone.post("/auth/login", {field: value, "password": PASSWORD})
            assert again.status == 200, again.text
            assert again.json()["data"][0]["id"] == body.data[0].id
            assert any(cookie.startswith("SessionID=") for cookie in again.cookies)
            token = again.json()["accessToken"]
            mine = anyone.get("/api/kids/mykids", headers={"Authorization": f"Bearer {token}"})
            assert (mine.status, mine.json()) == (200, [])

    def test_names_and_addresses_are_taken_once(self, anyone: Caller) -> None:
        self.sign_up(anyone)
        other = {"name": "AMIRA", "email": "other@example.com", "password": PASSWORD}
        assert anyone.post("/auth/signup", other).json()["message"] == "That name is taken."
        other = {"name": "Other", "email": "amira@EXAMPLE.com", "password": PASSWORD}
        assert anyone.post("/auth/signup", other).status == 409

    def test_every_fault_of_a_sign_up_is_named(self, anyone: Caller) -> None:
        body = {"name": "a@b", "email": "nowhere", "password": "short", "role": "operator"}
        assert faults(anyone.post("/auth/signup", body)) == {"name", "email", "password", "role"}

    @pytest.mark.parametrize("email", ["\u0130@example.com", "\uff21@b.com", "a@b", "a b@example.com", "@b.com"])
    def test_no_addresses(self, anyone: Caller, email: str) -> None:
        assert faults(anyone.post("/auth/signup", {"name": "A", "email": email, "password": PASSWORD})) == {"email"}

    @pytest.mark.parametrize("password", ["", "short12", "aaaaaaaaaa", "Password123", "Amira Bell", "amira@b.example"])
    def test_weak_passwords(self, anyone: Caller, password: str) -> None:
        body = {"name": "Amira Bell", "email": "amira@b.example", "password": password}
        assert faults(anyone.post("/auth/signup", body)) == {"password"}

    def test_a_wrong_login_says_and_takes_the_same(self, anyone: Caller) -> None:
        self.sign_up(anyone)
        known, unknown = {"identifier": "Amira"}, {"identifier": "Nobody"}
        trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        answers: dict[str, Any] = {}
        taken: dict[str, list[float]] = {"Amira": [], "Nobody": []}
        for _ in range(5):
            for claimed in (known, unknown):
                started = time.perf_counter()
                body = {**claimed, "password": "not the password"}
                answer = anyone.post("/auth/login", body, headers={"traceparent": trace})
                taken[claimed["identifier"]].append(time.perf_counter() - started)
                answers[claimed["identifier"]] = (answer.status, answer.json())
        assert (
            answers["Amira"]
            == answers["Nobody"]
            == (
                401,
                {
                    "code": "unauthenticated",
                    "message": "Name or password is wrong.",
                    "errors": [],
                    "faults": [],
                    "traceId": "a" * 32,
                },
            )
        )
        ratio = median(taken["Amira"]) / median(taken["Nobody"])
        assert 0.5 < ratio < 2

    def test_signing_out_clears_the_cookie(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        answer = caller(family("Amira")).get("/auth/logout")
        assert answer.status == 200
        assert "Max-Age=0" in answer.cookies[0]


class TestFriends:
    def test_a_refusal_sends_no_notification(
        self, caller: Callable[[int], Caller], family: MakeFamily, run: Run
    ) -> None:
        amira, bruno = family("Amira"), family("Bruno")
        run("friend.ask", {"friendName": "Bruno"}, owner=amira)
        before = caller(amira).get("/api/friends/pending").json()
        tasks = caller(amira).get("/api/tasks").json()
        run("friend.setState", {"friendId": amira, "state": 2}, owner=bruno)
        assert caller(amira).get("/api/friends/pending").json() == before == [{"id": bruno, "name": "Bruno"}]
        assert caller(amira).get("/api/tasks").json() == tasks, "no notification either"
        again = run("friend.ask", {"friendName": "Bruno"}, owner=amira)
        assert again.error["message"] == "You asked Bruno already; the answer is still open."
        assert caller(bruno).get("/api/friends/askingforme").json() == []

    def test_requests_become_tasks(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        amira = caller(family("Amira"))
        for path, body, kind in (
            ("ask", {"friendname": "Bruno"}, "friend.ask"),
            ("setstate", {"friendId": 7, "friendshipState": 1}, "friend.setState"),
            ("delete", {"friendId": 7}, "friend.delete"),
        ):
            answer = amira.post(f"/api/friends/{path}", body)
            assert answer.status == 202, answer.text
            task = amira.get(f"/api/tasks/{answer.json()['taskId']}").json()
            assert task["type"] == kind

    def test_faults(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        amira = caller(family("Amira"))
        assert faults(amira.post("/api/friends/ask", {"friendname": "", "id": 3})) == {"friendname", "id"}
        assert faults(amira.post("/api/friends/setstate", {"friendId": 0, "friendshipState": 3})) == {
            "friendId",
            "friendshipState",
        }

    def test_the_three_lists(self, caller: Callable[[int], Caller], family: MakeFamily, run: Run) -> None:
        amira, bruno, chloe = family("Amira"), family("Bruno"), family("Chloe")
        run("friend.ask", {"friendName": "Bruno"}, owner=amira)
        run("friend.ask", {"friendName": "Amira"}, owner=chloe)
        assert caller(amira).get("/api/friends/pending").json() == [{"id": bruno, "name": "Bruno"}]
        assert caller(amira).get("/api/friends/askingforme").json() == [{"id": chloe, "name": "Chloe"}]
        run("friend.setState", {"friendId": chloe, "state": 1}, owner=amira)
        assert caller(chloe).get("/api/friends/confirmed").json() == [{"id": amira, "name": "Amira"}]


class TestKids:
    def test_added_listed_removed(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        me, other = family("Amira"), family("Bruno")
        kid = caller(me).post("/api/kids", {"name": "Lina", "age": 6, "favoriteActivity": "football"})
        assert kid.status == 201
        expected = {"name": "Lina", "age": 6, "favoriteActivity": "football", "guardianId": me}
        assert {key: kid.json()[key] for key in expected} == expected
        assert caller(other).get("/api/kids/mykids").json() == []
        path = f"/api/kids/{kid.json()['id']}"
        assert caller(other).send("DELETE", path).status == 404
        assert caller(me).send("DELETE", path).status == 200
        assert caller(me).get("/api/kids/mykids").json() == []

    @pytest.mark.parametrize("kid_id", ["0", "x", "-1", "9" * 40, "1%00"])
    def test_no_such_kid(self, caller: Callable[[int], Caller], family: MakeFamily, kid_id: str) -> None:
        assert caller(family("Amira")).send("DELETE", f"/api/kids/{kid_id}").status == 404

    def test_faults(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        body = {"name": " ", "age": 18, "favoriteActivity": "x" * 61}
        assert faults(caller(family("Amira")).post("/api/kids", body)) == {"name", "age", "favoriteActivity"}


class TestPoint:
    PATH = "/api/playdate-point/coordinates"

    def test_both_ways(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        me = caller(family("Amira", point=None))
        assert me.get(self.PATH).json() == {"playdate_latit": None, "playdate_longi": None}
        assert me.post(self.PATH, {"playdate_latit": 91.5, "playdate_longi": -181}).status == 202
        there = caller(family("Bruno", point=LONDON))
        assert there.get(self.PATH).json() == LONDON.public()

    @pytest.mark.parametrize("body", ['{"playdate_latit": NaN, "playdate_longi": 1}', '{"playdate_latit": 1e999}'])
    def test_no_numbers(self, caller: Callable[[int], Caller], family: MakeFamily, body: str) -> None:
        assert caller(family("Amira")).send("POST", self.PATH, body=body).status == 400

    @pytest.mark.parametrize("value", ["48.8", None, True, [1]])
    def test_not_a_number(self, caller: Callable[[int], Caller], family: MakeFamily, value: Any) -> None:
        body = {"playdate_latit": value, "playdate_longi": 2}
        assert faults(caller(family("Amira")).post(self.PATH, body)) == {"playdate_latit"}


class TestAvailability:
    PATH = "/api/availability"

    def test_the_usual_weekend_is_the_venue_s(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        shown = caller(family("Amira", point=Point(31.778, 35.2354))).get(self.PATH).json()
        assert shown["timeZone"] == "Asia/Jerusalem"
        assert [each["start"] for each in shown["windows"]][4:] == ["09:30", "09:30", "16:00"]

    def test_usual_until_put(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        me = caller(family("Amira", point=LONDON))
        usual = shapes.Availability.model_validate(me.get(self.PATH).json())
        assert (usual.timeZone, usual.isDefault, len(usual.windows)) == ("Europe/London", True, 7)
        week = [
            {"weekday": "Saturday", "start": "14:00", "end": "16:00"},
            {"weekday": 6, "start": "15:00", "end": "18:00"},
            {"weekday": 1, "start": "17:00", "end": "24:00"},
        ]
        put = me.send("PUT", self.PATH, data={"timeZone": "Asia/Calcutta", "windows": week})
        expected = {
            "timeZone": "Asia/Calcutta",
            "windows": [
                {"weekday": 1, "start": "17:00", "end": "24:00"},
                {"weekday": 6, "start": "14:00", "end": "18:00"},
            ],
            "isDefault": False,
        }
        assert (put.status, put.json()) == (200, expected)
        assert me.get(self.PATH).json() == expected
        assert me.send("PUT", self.PATH, data={"timeZone": "UTC", "windows": week[1:2]}).status == 200
        assert len(me.get(self.PATH).json()["windows"]) == 1

    def test_faults(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        windows = [
            {"weekday": 8, "start": "09:00", "end": "10:00"},
            {"weekday": 1, "start": "25:00", "end": "10:00"},
            {"weekday": 1, "start": "11:00", "end": "10:00"},
        ]
        answer = caller(family("Amira")).send("PUT", self.PATH, data={"timeZone": "Mars/Base", "windows": windows})
        assert faults(answer) == {"timeZone", "windows.0.weekday", "windows.1.start", "windows.2"}


class TestRecommendations:
    def test_friends_kids_only(
        self, caller: Callable[[int], Caller], family: MakeFamily, befriend: Callable[..., None], run: Run
    ) -> None:
        amira = family("Amira", [("Lina", 6, "football")])
        bruno = family("Bruno", [("Zoe", 7, "Football"), ("Hugo", 12, "chess")], point=LONDON)
        family("Stranger", [("Secret", 6, "football")])
        befriend(amira, bruno)
        run("friend.recommendations", {"friendId": bruno}, owner=amira)
        me = caller(amira)
        shown = shapes.Recommendations.model_validate(me.get("/api/playdate-point/recommendations").json())
        assert [(item.activity, item.kidCount, item.closestFriend) for item in shown.leaderboard] == [
            ("chess", 1, "Bruno"),
            ("Football", 1, "Bruno"),
        ]
        assert shown.leaderboard[0].avgDistanceKm == pytest.approx(343.9, abs=1)
        assert shown.friendRecommendations == [], "London is beyond a Paris family's reach"
        assert {mate.kidName for mate in shown.playmates} == {"Zoe", "Hugo"}
        young = me.get("/api/playdate-point/recommendations?activity=FOOTBALL&maxAge=10&sort=alphabetical").json()
        assert [mate["kidName"] for mate in young["playmates"]] == ["Zoe"]
        board = shapes.Leaderboard.model_validate(me.get("/api/recommendations/leaderboard?sort=distance").json())
        assert (board.sort, len(board.items)) == ("distance", 2)
        run("friend.delete", {"friendId": bruno}, owner=amira)
        after = me.get("/api/playdate-point/recommendations").json()
        assert (after["leaderboard"], after["friendRecommendations"], after["playmates"]) == ([], [], [])

    def test_faults(self, caller: Callable[[int], Caller], family: MakeFamily) -> None:
        me = caller(family("Amira"))
        path = "/api/playdate-point/recommendations?minAge=x&maxAge=inf"
        assert faults(me.get(path)) == {"minAge", "maxAge"}

    def test_ages_are_any_number_and_an_unknown_order_is_by_popularity(
        self, caller: Callable[[int], Caller], family: MakeFamily, befriend: Callable[..., None]
    ) -> None:
        amira, bruno = family("Amira"), family("Bruno", [("Zoe", 5, "chess"), ("Hugo", 6, "chess")])
        befriend(amira, bruno)
        me, path = caller(amira), "/api/playdate-point/recommendations"
        for query, expected in (
            ("minAge=5.5", ["Hugo"]),
            ("maxAge=5.5", ["Zoe"]),
            ("minAge=-1&maxAge=99", ["Zoe", "Hugo"]),
            ("minAge=7", []),
        ):
            assert [mate["kidName"] for mate in me.get(f"{path}?{query}").json()["playmates"]] == expected, query
        assert me.get(f"{path}?sort=random").json()["sort"] == "popularity"
        assert me.get("/api/recommendations/leaderboard?sort=random").json()["sort"] == "popularity"


def test_asking_twice_to_be_forgotten_is_one_task(
    conn: Connection, caller: Callable[[int], Caller], family: MakeFamily
) -> None:
    me = caller(family("Amira"))
    first, second = me.send("DELETE", "/api/me"), me.send("DELETE", "/api/me")
    assert first.status == second.status == 202
    assert first.json()["taskId"] == second.json()["taskId"]
    assert me.post("/api/tasks", {"type": "account.forget"}).status == 400
