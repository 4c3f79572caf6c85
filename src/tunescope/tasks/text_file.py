"""Text files: opened and decoded in one way, so that every reader tells the same about a file it cannot read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from tunescope._core.errors import InputError

__all__ = ["FilePath", "place", "read_lines", "read_text"]

FilePath = str | os.PathLike[str]
"""A path as people give it; ``~`` stands for the home folder."""

_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def place(path: FilePath, line: int | None = None, column: str | None = None) -> str:
    """Return where something stands, for an error's ``where``.

    Args:
        path: The file.
        line: The line, counted from 1.
        column: The name or number of the column.

    >>> place("dev.tsv", 7, "label")
    "dev.tsv, line 7, column 'label'"
    """
    parts = [os.fspath(path)]
    if line is not None:
        parts.append(f"line {line}")
    if column is not None:
        parts.append(f"column {column!r}")
    return ", ".join(parts)


def read_text(path: FilePath, *, encoding: str = "utf-8") -> str:
    """Return the text of a file, without a byte order mark.

    Args:
        path: The file.
        encoding: Any text encoding that Python knows, such as ``"latin-1"``.

    Raises:
        InputError: The file is missing, a folder, not readable or empty; the encoding is unknown; or bytes do
            not fit it, and then the message names the line.
    """
    content = _read_bytes(Path(path).expanduser())
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(path, content, encoding, error) from error
    except (LookupError, ValueError) as error:
        raise InputError(
            "There is no such text encoding.",
            where="encoding",
            expected="a name such as 'utf-8' or 'latin-1'",
            got=repr(encoding),
        ) from error
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise InputError(
            "The file is empty.",
            where=place(path),
            expected="at least one line",
            got=f"{len(content)} bytes of nothing but white space" if content else "0 bytes",
            fix="check that the file was downloaded and written completely",
        )
    return text


def read_lines(path: FilePath, *, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield each line with its number, counted from 1, without its line break.

    Lines end at ``\\n`` or ``\\r\\n`` only: other characters that Unicode counts as line breaks occur inside
    sentences. What follows the last line break is a line only where it is not empty.

    Args:
        path: The file.
        encoding: Any text encoding that Python knows.

    Raises:
        InputError: As :func:`read_text`.
    """
    text = read_text(path, encoding=encoding)
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        yield number, line.removesuffix("\r")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError("There is no such file.", where=place(path), fix=_similar_name(path)) from error
    except (IsADirectoryError, PermissionError) as error:
        if not path.is_dir():
            raise InputError("The file may not be read.", where=place(path), got=error.strerror) from error
        raise InputError(
            "A folder was given instead of a file.",
            where=place(path),
            expected="a file",
            got=_listing(path),
            fix="name a file in it",
        ) from error
    except (OSError, ValueError) as error:  # a name too long, a zero byte in it, a failing disk
        raise InputError("The file cannot be read.", where=repr(os.fspath(path)), got=error) from error


def _similar_name(path: Path) -> str:
    names = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
    similar = get_close_matches(path.name, names, n=1)
    if similar:
        return f"did you mean {similar[0]!r}?"
    if names or path.parent.is_dir():
        return "check the file's name"
    return f"check the path: there is no folder {os.fspath(path.parent)!r}"


def _listing(folder: Path) -> str:
    names = sorted(entry.name for entry in folder.iterdir())
    return "a folder with " + (", ".join(names[:5]) + (" …" if len(names) > 5 else "") or "nothing in it")


def _undecodable(path: FilePath, content: bytes, encoding: str, error: UnicodeDecodeError) -> InputError:
    line = content[: error.start].decode(encoding, errors="replace").count("\n") + 1
    if content[:2] in _BYTE_ORDER_MARKS:
        other = "utf-16"
    else:
        other = "latin-1" if encoding.lower().replace("_", "-") in ("utf-8", "utf8", "ascii") else "utf-8"
    return InputError(
        f"The file is not encoded as {encoding}.",
        where=place(path, line),
        expected=f"{encoding} text",
        got=f"byte 0x{content[error.start]:02x} at position {error.start} of the file",
        fix=f'name the encoding, for example encoding="{other}"',
    )
