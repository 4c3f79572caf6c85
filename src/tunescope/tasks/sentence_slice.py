"""Paths that carry a slice of sentences, such as ``pud.conllu[:800]``."""

from __future__ import annotations

import re
from pathlib import Path

from tunescope._core.errors import InputError

__all__ = ["split_slice"]

_SLICE = re.compile(r"(?P<path>.+)\[(?P<start>-?[0-9]+)?:(?P<stop>-?[0-9]+)?\]", re.DOTALL)
_LIKE_A_SLICE = re.compile(r".*\[[^\[\]/]*\]", re.DOTALL)


def split_slice(path: str, *, folder: Path = Path()) -> tuple[Path, slice]:
    """Return the file and the slice of its sentences that a path names.

    Args:
        path: A path, perhaps with ``[start:stop]`` at its end, counted as Python counts: from 0, without ``stop``,
            and from the end where negative. A file whose very name looks so is taken by its name.
        folder: What a relative path starts from.

    Returns:
        The path, from ``folder`` where it is relative, and the slice, of everything where none is given.

    Raises:
        InputError: The brackets hold no slice.

    >>> file, part = split_slice("pud.conllu[:800]")
    >>> file.name, part
    ('pud.conllu', slice(None, 800, None))
    """
    whole = folder / Path(path).expanduser()
    if not _LIKE_A_SLICE.fullmatch(path) or whole.exists():
        return whole, slice(None)
    match = _SLICE.fullmatch(path)
    if match is None:
        raise InputError(
            "The brackets after a path hold no slice.",
            where=path,
            expected="[start:stop], such as [:800] or [800:]",
            got=path[path.rindex("[") :],
        )
    start, stop = (None if end is None else int(end) for end in match.group("start", "stop"))
    return folder / Path(match["path"]).expanduser(), slice(start, stop)
