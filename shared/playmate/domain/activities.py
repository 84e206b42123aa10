"""Derive from an activity's text whether it needs daylight or a roof."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

Setting = Literal["outdoor", "indoor", "either"]

# fmt: off
OUTDOOR = frozenset({
    "athletics", "baseball", "beach", "bicycle", "bike", "biking", "birds", "birdwatching", "camping",
    "canoe", "climbing-trees", "cricket", "cycling", "fishing", "football", "forest", "frisbee",
    "garden", "gardening", "golf", "hike", "hiking", "hockey", "horse", "horses", "insects", "jogging",
    "kayak", "kite", "kites", "nature", "orienteering", "outdoors", "park", "picnic", "playground",
    "pond", "riding", "rollerblading", "rugby", "running", "sailing", "sandbox", "scooter", "scouting",
    "skateboard", "skateboarding", "skating", "ski", "skiing", "sledding", "snow", "snowman", "soccer",
    "stargazing", "surfing", "swing", "swings", "tag", "tennis", "trampoline", "treasure-hunt", "tree",
    "trees", "volleyball", "walk", "walking", "woods", "zoo",
})
INDOOR = frozenset({
    "art", "baking", "ballet", "basketball", "blocks", "boardgames", "books", "bowling", "chess",
    "choir", "coding", "cooking", "craft", "crafts", "cubes", "dance", "dancing", "dinosaurs", "dolls",
    "drawing", "drama", "drums", "fencing", "films", "gaming", "guitar", "gymnastics", "judo", "karate",
    "knitting", "lego", "library", "magic", "maths", "minecraft", "museum", "music", "origami",
    "painting", "piano", "pingpong", "pottery", "puppets", "puzzle", "puzzles", "reading", "robotics",
    "robots", "science", "sewing", "singing", "swimming", "theater", "theatre", "trains", "videogames",
    "violin", "writing", "yoga",
})
# fmt: on
#: Watching stars needs the dark: outdoors, yet no daylight.
BY_NIGHT = frozenset({"stargazing", "fireworks", "lanterns"})


def terms(activity: str) -> frozenset[str]:
    """Return the activity's terms, single and joined in pairs ("treasure hunt" also as "treasure-hunt")."""
    single = re.findall(r"\w+", activity.casefold())
    joined = [form for one, two in pairwise(single) for form in (f"{one}-{two}", f"{one}{two}")]
    return frozenset([*single, *joined])


def setting(activity: str) -> Setting:
    """Return outdoor or indoor; "either" if no known term decides it."""
    named = terms(activity)
    if named & {"indoor", "indoors"}:
        return "indoor"
    if named & OUTDOOR:
        return "outdoor"
    return "indoor" if named & INDOOR else "either"


def needs_daylight(activity: str) -> bool:
    return setting(activity) == "outdoor" and not terms(activity) & BY_NIGHT


def known_activities(activity: str) -> frozenset[str]:
    """Return the activity's terms that are in our vocabulary, so no person's name."""
    return terms(activity) & (OUTDOOR | INDOOR | BY_NIGHT)
