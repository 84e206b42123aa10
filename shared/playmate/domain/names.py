"""Names as we keep and compare them: nobody signs up under a name that looks like somebody else's.

`tidy` is for any text of a family's. An account's name, by which others know it, is held to more: letters of one
script, nothing that cannot be seen, and a look of its own (UTS #39, whose table is `look_alikes.json`).
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from importlib import resources

#: Letters and marks that show nothing: fillers, variation selectors, blanks (Default_Ignorable_Code_Point, Unicode 15).
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00011f48\U00013441\U00013442\U00016fe4\U000e0100-\U000e01ef]"
)
#: What Arabic and Indian scripts spell some words with, between two letters; it never tells two names apart.
JOINERS = "\u200c\u200d"
JOINED_SCRIPTS = {
    *("ARABIC", "SYRIAC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA"),
    *("TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA"),
}
#: Marks on one letter.
MOST_MARKS = 4
#: Scripts that are written together; any other stands alone.
TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "HANGUL"},
    {"LATIN", "CJK", "BOPOMOFO"},
)
#: First words of characters' names that say no script, and those that say one in other words.
NO_SCRIPT = {"COMBINING", "DIGIT", "MODIFIER"}
SCRIPTS = {
    "IDEOGRAPHIC": "CJK",
    "HANGZHOU": "CJK",
    "KATAKANA-HIRAGANA": "KATAKANA",
    "ARABIC-INDIC": "ARABIC",
    "EXTENDED": "ARABIC",  # EXTENDED ARABIC-INDIC DIGIT
}


def tidy(value: object) -> object:
    """One form of each character (NFC), no spaces around or doubled within; what is no text passes."""
    return " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else value


def tidy_name(value: object) -> object:
    """As `tidy`, and letters in other clothes (NFKC: wide, bold, circled ones) are the plain ones."""
    return " ".join(unicodedata.normalize("NFKC", value).split()) if isinstance(value, str) else value


def name_fault(name: str) -> str | None:
    """What keeps a tidy name from being an account's, in words; None if nothing does."""
    shown = _without_joiners(name)
    kinds = {unicodedata.category(char)[0] for char in shown if char != " "}
    if kinds - set("LMNP") or UNSEEN.search(shown):
        return "must have no symbols and nothing that cannot be seen"
    if not kinds & set("LN"):
        return "must have a letter"
    if _heaps_marks(shown):
        return "must not heap marks on a letter"
    scripts = {script for char in shown if (script := _script(char))}
    if len(scripts) > 1 and not any(scripts <= together for together in TOGETHER):
        return "must not mix the letters of several scripts"
    return None


def name_key(name: str) -> str:
    """What a name is found by: the same whatever its case."""
    return unicodedata.normalize("NFKC", _without_joiners(str(tidy_name(name))).casefold())


def name_look(name: str) -> str:
    """The same for names that look alike, whatever their letters are."""
    words = _shape(_without_joiners(str(tidy_name(name)))).split()
    return _shape(_shape(" ".join(map(_out_of_capitals, words))).casefold())


def _without_joiners(name: str) -> str:
    """Where they stand between two letters of a script that has them; elsewhere they stay, to be refused."""
    kept = [
        char
        for before, char, after in zip(" " + name, name, name[1:] + " ", strict=False)
        if char not in JOINERS or not {_script(before), _script(after)} <= JOINED_SCRIPTS
    ]
    return "".join(kept)


def _heaps_marks(name: str) -> bool:
    run, last = 0, ""
    for char in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.category(char) == "Mn" else 0
        if run > MOST_MARKS or (run and char == last):
            return True
        last = char
    return False


def _script(char: str) -> str | None:
    """By the first word of its Unicode name; None for what every script uses."""
    first = unicodedata.name(char, "").split(" ")[0]
    if unicodedata.category(char)[0] not in "LMN" or first in NO_SCRIPT:
        return None
    return SCRIPTS.get(first, first)


def _out_of_capitals(word: str) -> str:
    """AMIRA is Amira, and so is AMlRA: among capitals a small L is meant for an I."""
    capitals = word.replace("l", "I")
    return capitals.capitalize() if len(word) > 1 and capitals.isupper() else word


def _shape(text: str) -> str:
    look_alikes = _look_alikes()
    plain = "".join(look_alikes.get(char, char) for char in unicodedata.normalize("NFD", text))
    return re.sub("(?<=[ij])\u0307", "", plain)


@cache
def _look_alikes() -> dict[str, str]:
    """What each character looks like."""
    text = resources.files("playmate.domain").joinpath("look_alikes.json").read_text(encoding="utf-8")
    classes = json.loads(text)["look_alikes"]
    return {char: shape for shape, chars in classes.items() for char in chars}
