from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playmate.domain.coordinates import Point
from playmate.domain.leaderboard import FriendKid, Sort, leaderboard

HOME = Point(48.85661, 2.35222)
NEAR, FAR = Point(48.86, 2.36), Point(51.5, -0.1)
KIDS = st.lists(
    st.builds(
        FriendKid,
        st.sampled_from(["chess", "Chess", "football", "art"]),
        st.integers(1, 3),
        st.sampled_from(["Amira", "Bruno"]),
        st.sampled_from([NEAR, FAR, None]),
    ),
    max_size=12,
)
SORTS: st.SearchStrategy[Sort] = st.sampled_from(["popularity", "distance", "alphabetical"])


@given(KIDS, SORTS, st.sampled_from([HOME, None]))
def test_every_kid_counts_once_and_the_order_stays(kids: list[FriendKid], sort: Sort, home: Point | None) -> None:
    items = leaderboard(kids, home, sort)
    assert sum(item.kid_count for item in items) == len(kids)
    assert len({item.activity.casefold() for item in items}) == len(items)
    match sort:
        case "popularity":
            assert [item.kid_count for item in items] == sorted((item.kid_count for item in items), reverse=True)
        case "alphabetical":
            assert [item.activity.casefold() for item in items] == sorted(item.activity.casefold() for item in items)
        case "distance":
            known = [item.average_km for item in items if item.average_km is not None]
            assert known == sorted(known)
            assert all(item.average_km is None for item in items[len(known) :])


def test_the_nearest_friend_stands_for_the_activity() -> None:
    kids = [
        FriendKid("chess", 1, "Far", FAR),
        FriendKid("Chess", 2, "Near", NEAR),
        FriendKid("chess", 3, "Where", None),
    ]
    shown = leaderboard(kids, HOME, "popularity")[0].public()
    assert (shown["closestFriend"], shown["friendId"], shown["kidCount"]) == ("Near", 2, 3)
    assert shown["friendLatitude"] == NEAR.latitude
    assert 170 < shown["avgDistanceKm"] < 174


def test_without_a_home_nobody_is_closest() -> None:
    shown = leaderboard([FriendKid("chess", 1, "Far", FAR)], None, "distance")[0].public()
    assert shown["avgDistanceKm"] is None
    assert "closestFriend" not in shown
