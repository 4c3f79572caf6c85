"""Making text from data safe to show: on a page, in plotly's and in matplotlib's little languages, in a script."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["json_for_script", "plotly_text", "print_text", "quoted", "short_names", "shorten", "visible_text"]

_CONTROL = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_CONTROL |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
_CONTROL |= dict.fromkeys([*range(0x202A, 0x202F), 0x2066, 0x2067], 0xFFFD)
_ONE_LINE = {ord("\t"): " ", ord("\n"): " ", 0x2028: " ", 0x2029: " "}
_DIRECTION = dict.fromkeys([0x200E, 0x200F, 0x2068, 0x2069])
_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}


def visible_text(text: str) -> str:
    """Return the text with control characters replaced by their pictures, and those that turn text around by �.

    >>> visible_text("a\\x00b")
    'a␀b'
    """
    return text.translate(_CONTROL)


def shorten(text: str, length: int) -> str:
    """Return the text on one line, cut with an ellipsis to at most ``length`` characters."""
    line = re.sub(r"\s+", " ", visible_text(text).translate(_ONE_LINE)).strip()
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def short_names(names: Sequence[str], length: int) -> tuple[str, ...]:
    """Return shortened names that still differ from each other; an empty one becomes ``"(empty)"``.

    Names that would look alike when cut at the end are cut in the middle, and numbered where that does not help.

    >>> short_names(["abcdef", "abcxyz", ""], 4)
    ('ab…f', 'ab…z', '(empty)')
    """
    cut = [shorten(name, length) or "(empty)" for name in names]
    alike = {name for name, count in Counter(cut).items() if count > 1}
    found: Counter[str] = Counter()
    result = []
    for name, short in zip(names, cut, strict=True):
        apart = _shorten_middle(name, length) or "(empty)" if short in alike else short
        found[apart] += 1
        result.append(apart if found[apart] == 1 else f"{apart} ({found[apart]})")
    return tuple(result)


def _shorten_middle(text: str, length: int) -> str:
    line = shorten(text, len(text) + 1)
    kept = (length - 1) // 2
    return line if len(line) <= length else f"{line[: length - 1 - kept].rstrip()}…{line[-kept:].lstrip()}"


def plotly_text(text: str) -> str:
    """Return the text so that plotly, which reads a little HTML and entities, shows it as it is."""
    line = visible_text(text).translate(_DIRECTION)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def print_text(text: str) -> str:
    """Return the text so that matplotlib shows dollars as dollars and does not drop a leading underscore."""
    line = visible_text(text).translate(_DIRECTION).replace("$", r"\$")
    return f"\u200b{line}" if line.startswith("_") else line


def quoted(name: str) -> str:
    """Return a name in quotes, set apart so that its direction of writing leaves the sentence around it alone."""
    return f"“\u2068{visible_text(name)}\u2069”"


def json_for_script(value: object) -> str:
    """Return JSON that can stand in an HTML script element: no ``<``, ``>``, ``&``, nor line separators.

    Raises:
        ValueError: The value holds NaN or infinity, which JSON lacks.
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_IN_SCRIPT)
