"""Rules for the texts that families write, and for the names of accounts.

Each function expects a text of bounded length: Unicode normalisation needs quadratic time for many combining marks.
"""

from __future__ import annotations

import re
import unicodedata

#: Characters and marks without a visible shape: fillers, variation selectors, blanks (Default_Ignorable_Code_Point,
#: Unicode 15).
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00011f48\U00013441\U00013442\U00016fe4\U000e0100-\U000e01ef]"
)
#: Zero-width joiners, which Arabic and Indian spelling sometimes needs. They never distinguish two names.
JOINERS = "\u200c\u200d"
JOINED_SCRIPTS = {
    *("ARABIC", "SYRIAC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA"),
    *("TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA"),
}
#: Combining marks on one character, at most.
MOST_MARKS = 4
#: Keys of names that a guardian would take for the operators'.
RESERVED_NAMES = frozenset(
    {"admin", "administrator", "moderator", "operator", "root", "security", "staff", "support", "system", "webmaster"}
)
#: Scripts that one name may combine. Every other script is used alone.
TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "HANGUL"},
    {"LATIN", "CJK", "BOPOMOFO"},
)
#: First terms of Unicode names that are no script, and those that mean another script.
NO_SCRIPT = {"COMBINING", "DIGIT", "MODIFIER"}
SCRIPTS = {
    "IDEOGRAPHIC": "CJK",
    "HANGZHOU": "CJK",
    "KATAKANA-HIRAGANA": "KATAKANA",
    "ARABIC-INDIC": "ARABIC",
    "EXTENDED": "ARABIC",  # EXTENDED ARABIC-INDIC DIGIT
}


def tidy(text: str) -> str:
    """Return the text in NFC, without outer spaces and with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def tidy_name(text: str) -> str:
    """Return the text in NFKC (wide, bold and circled characters become plain ones), with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def name_fault(name: str) -> str | None:
    """Return why a tidy name cannot be an account's name, or None.

    A name needs an alphabetic character or a digit. It has no symbols or invisible characters and combines no scripts.
    """
    shown = _without_joiners(name)
    kinds = {unicodedata.category(char)[0] for char in shown if char != " "}
    if kinds - set("LMNP") or INVISIBLE.search(shown):
        return "must not contain symbols or invisible characters"
    if not kinds & set("LN"):
        return "must contain a letter"
    if _has_heaped_marks(shown):
        return "must not have several accents on one letter"
    scripts = {script for char in shown if (script := _script(char))}
    if len(scripts) > 1 and not any(scripts <= together for together in TOGETHER):
        return "must not mix the letters of several scripts"
    return None


def name_key(name: str) -> str:
    """Return the key by which a name is found and compared: NFKC, case folded, without joiners and extra spaces."""
    return unicodedata.normalize("NFKC", _without_joiners(tidy_name(name)).casefold())


def _without_joiners(name: str) -> str:
    """Remove joiners between two characters of a script that uses them; others stay and are refused."""
    kept = [
        char
        for before, char, after in zip(" " + name, name, name[1:] + " ", strict=False)
        if char not in JOINERS or not {_script(before), _script(after)} <= JOINED_SCRIPTS
    ]
    return "".join(kept)


def _has_heaped_marks(name: str) -> bool:
    run, last = 0, ""
    for char in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.category(char) == "Mn" else 0
        if run > MOST_MARKS or (run and char == last):
            return True
        last = char
    return False


def _script(char: str) -> str | None:
    """Return the first term of the character's Unicode name, or None for characters of every script."""
    first = unicodedata.name(char, "").split(" ")[0]
    if unicodedata.category(char)[0] not in "LMN" or first in NO_SCRIPT:
        return None
    return SCRIPTS.get(first, first)
