"""Coordinates as we keep them: latitude clamped, longitude wrapped, five decimals (about a metre)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

#: kilometres, mean radius of the Earth
EARTH_RADIUS = 6371.0088
DECIMALS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """A normalised position on Earth, in degrees."""

    latitude: float
    longitude: float

    def public(self) -> dict[str, Any]:
        return {"playdate_latit": self.latitude, "playdate_longi": self.longitude}


def normalise(latitude: float, longitude: float) -> Point:
    """Return the point meant by any two finite numbers; ValueError for NaN and infinities."""
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise ValueError("coordinates must be finite numbers")
    return Point(_clamp(latitude), _wrap(longitude))


def _clamp(latitude: float) -> float:
    return round(min(90.0, max(-90.0, latitude)), DECIMALS) + 0.0


def _wrap(longitude: float) -> float:
    wrapped = longitude if -180 <= longitude < 180 else (longitude + 180) % 360 - 180
    rounded = round(wrapped, DECIMALS) + 0.0
    # Rounding may reach 180 again, which is -180.
    return -180.0 if rounded >= 180 else rounded


def distance_km(one: Point, other: Point) -> float:
    """Great-circle distance (haversine)."""
    phi, other_phi = math.radians(one.latitude), math.radians(other.latitude)
    half_phi = (other_phi - phi) / 2
    half_lambda = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(min(1.0, chord)))
