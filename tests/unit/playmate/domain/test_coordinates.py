from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playmate.domain.coordinates import Point, distance_km, normalise

FINITE = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.builds(normalise, st.floats(-90, 90), st.floats(-180, 180))


@given(FINITE, FINITE)
def test_every_finite_pair_becomes_a_position_on_earth(latitude: float, longitude: float) -> None:
    point = normalise(latitude, longitude)
    assert -90 <= point.latitude <= 90
    assert -180 <= point.longitude < 180
    assert normalise(point.latitude, point.longitude) == point
    assert math.copysign(1, point.longitude) == 1 or point.longitude != 0


@given(st.floats(-90, 90), st.floats(-179.9, 179.9), st.integers(-5, 5))
def test_turns_of_the_earth_change_nothing(latitude: float, longitude: float, turns: int) -> None:
    there = normalise(latitude, longitude).longitude
    turned = normalise(latitude, longitude + 360 * turns).longitude
    assert min(abs(there - turned), 360 - abs(there - turned)) <= 2e-5


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ((91, 0), (90, 0)),
        ((-90.5, 180), (-90, -180)),
        ((0, -180), (0, -180)),
        ((0, 540), (0, -180)),
        ((1.234567, 179.999999), (1.23457, -180)),
        ((0, -181), (0, 179)),
    ],
)
def test_known_venues(given_: tuple[float, float], kept: tuple[float, float]) -> None:
    assert normalise(*given_) == Point(*kept)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        normalise(bad, 0)
    with pytest.raises(ValueError, match="finite"):
        normalise(0, bad)


@given(POINTS, POINTS)
def test_distance_is_a_distance(one: Point, other: Point) -> None:
    assert distance_km(one, one) == 0
    assert distance_km(one, other) == pytest.approx(distance_km(other, one))
    assert 0 <= distance_km(one, other) <= 20_016


def test_paris_to_london() -> None:
    assert distance_km(Point(48.85661, 2.35222), Point(51.50735, -0.12776)) == pytest.approx(343.5, abs=0.5)
