"""Content hashes: of plain values, of files and of folders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

__all__ = ["hash_files", "hash_value"]


def hash_value(value: object) -> str:
    """Return the SHA-256 (hexadecimal) of a plain value by its canonical JSON.

    Args:
        value: Anything that JSON can hold: ``None``, booleans, numbers, strings, lists and dictionaries.
            The order of a dictionary's keys does not matter.

    Raises:
        TypeError: The value holds something that JSON cannot.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=True)
    return hashlib.sha256(text.encode()).hexdigest()


def hash_files(paths: Iterable[Path]) -> str:
    """Return the SHA-256 (hexadecimal) over the names and contents of ``paths``, ordered by name."""
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda path: path.name):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.name}\0{content}\0".encode())
    return digest.hexdigest()
