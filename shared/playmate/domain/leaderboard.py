"""Which activities friends' kids love, and how near their families are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from playmate.domain.coordinates import Point, distance_km

Sort = Literal["popularity", "distance", "alphabetical"]


@dataclass(frozen=True, slots=True)
class FriendKid:
    """A kid of an accepted friend, with the friend's playdate point where there is one."""

    activity: str
    friend_id: int
    friend_name: str
    point: Point | None


@dataclass(frozen=True, slots=True)
class Item:
    """One activity and the nearest friend whose kid loves it."""

    activity: str
    kid_count: int
    average_km: float | None
    friend: FriendKid
    friend_km: float | None

    def public(self) -> dict[str, Any]:
        point = self.friend.point
        item: dict[str, Any] = {
            "activity": self.activity,
            "kidCount": self.kid_count,
            "avgDistanceKm": self.average_km,
            "friendId": self.friend.friend_id,
            "friendName": self.friend.friend_name,
            "friendLatitude": point.latitude if point else None,
            "friendLongitude": point.longitude if point else None,
        }
        if self.friend_km is not None:
            item["closestFriend"] = self.friend.friend_name
        return item


def leaderboard(kids: Iterable[FriendKid], home: Point | None, sort: Sort) -> list[Item]:
    """One item an activity, in any case; unknown distances come last."""
    groups: dict[str, list[FriendKid]] = {}
    for kid in kids:
        groups.setdefault(" ".join(kid.activity.casefold().split()), []).append(kid)
    items = [_item(group, home) for group in groups.values()]
    return sorted(items, key=lambda item: _order(item, sort))


def _item(group: Sequence[FriendKid], home: Point | None) -> Item:
    distances = {id(kid): distance_km(home, kid.point) for kid in group if home and kid.point}
    nearest = min(
        group,
        key=lambda kid: (distances.get(id(kid), float("inf")), kid.friend_name.casefold(), kid.friend_id),
    )
    average = round(sum(distances.values()) / len(distances), 2) if distances else None
    activity = min(kid.activity for kid in group)
    return Item(activity, len(group), average, nearest, distances.get(id(nearest)))


def _order(item: Item, sort: Sort) -> tuple[float, str]:
    name = item.activity.casefold()
    match sort:
        case "popularity":
            return -item.kid_count, name
        case "distance":
            return (float("inf") if item.average_km is None else item.average_km), name
        case "alphabetical":
            return 0, name
