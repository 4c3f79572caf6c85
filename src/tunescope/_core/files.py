"""Writing files so that a reader sees either nothing or the whole."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError

from tunescope._core.errors import RunError

__all__ = ["flush_folder", "flush_tree", "readable_write_errors", "write_atomically"]

_FLUSHES_AT_ONCE = 8

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EFBIG: "the file would be larger than is allowed",
}


@contextmanager
def readable_write_errors(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write below ``folder`` into a :class:`RunError`."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        number = error.errno if isinstance(error, OSError) else _number_in(str(error))
        if number not in _REASONS:
            raise
        raise RunError(
            f"Nothing more can be written: {_REASONS[number]}.",
            where=getattr(error, "filename", None) or folder,
            fix="free some space or choose another output folder, then start again: finished work is kept",
        ) from error


def _number_in(message: str) -> int | None:
    """Return the operating system's error number that safetensors puts into its message."""
    match = re.search(r"os error (\d+)", message)
    return int(match.group(1)) if match else None


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path`` through a neighbour that is renamed when it is complete and on disk.

    The neighbour is the process's own, so that two processes may write one file: the later one wins, whole.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    data = content.encode() if isinstance(content, str) else content
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    flush_folder(path.parent)


def flush_tree(folder: Path) -> None:
    """Ask the operating system to put the folder and all below it on disk.

    It is asked for everything at once: file systems with a journal then write that once, not once for each file.
    """
    for _ in _flushers().map(_flush, [folder, *folder.rglob("*")]):
        pass


@lru_cache(maxsize=1)
def _flushers() -> ThreadPoolExecutor:
    """Return threads that wait for the disk; they are kept, for starting them takes longer than a small file."""
    return ThreadPoolExecutor(_FLUSHES_AT_ONCE, thread_name_prefix="flush")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_flushers.cache_clear)  # a forked process has none of the threads


def _flush(path: Path) -> None:
    if path.is_dir():
        flush_folder(path)
    else:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Ask the operating system to put the folder's entries on disk, so that a rename survives a power cut."""
    if os.name != "posix":  # other systems cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
