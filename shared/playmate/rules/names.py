"""Names as we keep and compare them."""

from __future__ import annotations

import unicodedata


def tidy(value: object) -> object:
    """One form of each character (NFC), no spaces around or doubled within; what is no text passes."""
    return " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else value
