"""A hook of mkdocs: links of a page to files outside docs/ become links to the repository, or plain text without one.

In the repository such links work as they are written. It runs in the environment of mkdocs and imports no module of the
project.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\((\.\.?/[^)#\s]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Return the page's text with its outside links replaced. A missing file stays, and the strict build reports it."""
    docs = Path(config["docs_dir"])
    folder = (docs / page.file.src_uri).parent

    def replaced(match: re.Match[str]) -> str:
        target = Path(os.path.normpath(folder / match[2]))
        if target.is_relative_to(docs) or not target.exists():
            return match[0]
        if not config["repo_url"]:
            return match[1]
        return f"[{match[1]}]({config['repo_url'].rstrip('/')}/blob/main/{target.relative_to(docs.parent).as_posix()})"

    return _LINK.sub(replaced, markdown)
