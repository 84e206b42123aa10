"""The pages in their bucket: uploaded where they changed, removed where they are gone."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.local_stack.proxy import PAGES
from tools.virtualenvs import ROOT

#: Folders of the pages that are not served.
LEFT_OUT = {"node_modules", "test", "tests", "__pycache__"}
#: CloudFront keeps a file for a second at least, and asks again: names carry no version.
CACHING = "no-cache"
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2", ".geojson": "application/json"}


def files(root: Path = ROOT) -> Iterator[tuple[str, Path]]:
    """Key in the bucket and file of everything that is served: as `make up` serves it."""
    for prefix, folder in PAGES:
        for file in sorted((root / folder).rglob("*")):
            inside = file.relative_to(root / folder)
            hidden = any(part in LEFT_OUT or part.startswith(".") for part in inside.parts)
            if file.is_file() and not hidden:
                yield f"{prefix}{inside.as_posix()}".lstrip("/"), file


def upload(s3: Any, bucket: str, root: Path = ROOT) -> tuple[int, int]:
    """Make the bucket equal to the pages; return how many files were sent, and removed."""
    there = dict(_listed(s3, bucket))
    wanted = dict(files(root))
    sent = 0
    for key, file in wanted.items():
        content = file.read_bytes()
        if there.get(key) != hashlib.md5(content, usedforsecurity=False).hexdigest():
            s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=_type(file), CacheControl=CACHING)
            sent += 1
    gone = sorted(there.keys() - wanted.keys())
    remove(s3, bucket, gone)
    return sent, len(gone)


def empty(s3: Any, bucket: str, prefix: str = "") -> int:
    """Remove every object below the prefix; return how many there were."""
    keys = [key for key, _ in _listed(s3, bucket, prefix)]
    remove(s3, bucket, keys)
    return len(keys)


def remove(s3: Any, bucket: str, keys: list[str]) -> None:
    for start in range(0, len(keys), 1000):  # S3 takes no more in one request
        objects = [{"Key": key} for key in keys[start : start + 1000]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})


def _listed(s3: Any, bucket: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", []):
            yield one["Key"], one["ETag"].strip('"')


def _type(file: Path) -> str:
    return TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
