"""Lines and columns of positions in a text, as editors count them."""

from __future__ import annotations

import re
from bisect import bisect_right

__all__ = ["LineIndex"]

_LINE_BREAK = re.compile(r"\r\n?|\n")


class LineIndex:
    """The lines of a text, to tell where a position in it lies.

    YAML also counts characters such as U+2028 as line breaks, which editors do not.

    Args:
        text: The text.

    >>> LineIndex("a: 1\\nb: 2").line_and_column(6)
    (2, 2)
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
        self._text = text

    def line(self, position: int) -> int:
        """Return the line of a character, counted from 1."""
        return bisect_right(self._starts, position)

    def line_and_column(self, position: int) -> tuple[int, int]:
        """Return the line and the column of a character, both counted from 1."""
        line = self.line(position)
        return line, position - self._starts[line - 1] + 1

    def content(self, line: int) -> str:
        """Return a line without its break."""
        return _LINE_BREAK.split(self._text[self._starts[line - 1] :], maxsplit=1)[0]
