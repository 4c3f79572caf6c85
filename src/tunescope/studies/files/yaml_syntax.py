"""What is wrong with a text that is no YAML, in words that say what to change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.reader import ReaderError

from tunescope._core.errors import InputError
from tunescope.studies.files.line_index import LineIndex

__all__ = ["syntax_refusal"]

_LONGEST_LINE = 80


@dataclass(frozen=True)
class _Fault:
    """One kind of fault: the parser's words for it (a pattern), what it means, and what to do."""

    pattern: str
    meaning: str
    fix: str
    at_start: bool = False
    """Whether the fault lies where the construct begins, not where the parser noticed it."""


_FAULTS = (
    _Fault(
        r"scanning a quoted scalar.*found unexpected (end of stream|document separator)",
        "a quotation mark that is never closed",
        "close it, or double it where it belongs to the text",
        at_start=True,
    ),
    _Fault(
        r"found unknown escape character|escape sequence of",
        "a backslash in double quotes that begins no known character",
        "use single quotes: in them a backslash is a backslash",
    ),
    _Fault(
        r"parsing a flow sequence.*expected ',' or ']'",
        "a list in brackets that is not closed, or text with brackets or commas of its own in it",
        "close the bracket, and put text with brackets, braces or commas in quotes",
        at_start=True,
    ),
    _Fault(
        r"parsing a flow mapping.*expected ',' or '}'",
        "braces that are not closed, or text with brackets or commas of its own in them",
        "close the brace, and put text with brackets, braces or commas in quotes",
        at_start=True,
    ),
    _Fault(
        r"found character '\\t'",
        "a tab where spaces are needed",
        "indent with spaces",
    ),
    _Fault(
        r"found character '[@`%|>]'",
        "text that begins with a character that means something in YAML",
        "put the text in quotes",
    ),
    _Fault(
        r"scanning an (alias|anchor)",
        "an asterisk or ampersand without a name",
        "put text that begins with * or & in quotes",
    ),
    _Fault(
        r"found undefined alias",
        "an alias whose anchor does not stand before it",
        "put text that begins with * in quotes, or write the anchor (&name) first",
    ),
    _Fault(r"found duplicate anchor", "an anchor that is there already", "give each anchor its own name"),
    _Fault(
        r"mapping values are not allowed here",
        "a colon where no key can stand",
        "indent keys of one level alike, and put text that holds ': ' in quotes",
    ),
    _Fault(
        r"could not find expected ':'",
        "a key without a colon",
        "write 'key: value', with a space after the colon",
        at_start=True,
    ),
    _Fault(
        r"sequence entries are not allowed here",
        "a list item where none can stand",
        "begin the list on a line of its own, below its key",
    ),
    _Fault(
        r"expected a single document",
        "a second document, which begins with ---",
        "write each study into a file of its own",
    ),
    _Fault(
        r"expected <block end>|did not find expected",
        "an item or key that does not line up with those above it",
        "indent keys and items of one level by the same number of spaces",
    ),
    _Fault(
        r"undefined tag handle|(scanning|parsing) a tag", "a tag", "put text that begins with ! in quotes"
    ),
)
_UNKNOWN = _Fault("", "something that YAML does not allow here", "put text with special characters in quotes")


def syntax_refusal(error: yaml.YAMLError, path: Path, lines: LineIndex) -> InputError:
    """Return the error to raise for a text that the YAML parser refused.

    Args:
        error: What the parser raised.
        path: The file.
        lines: The lines of its text.
    """
    if isinstance(error, ReaderError):
        line, column = lines.line_and_column(error.position)
        return InputError(
            "The file is no valid YAML.",
            where=f"{path}:{line}, column {column}",
            expected="characters that can be printed",
            got=f"the control character U+{_code(error.character):04X}",
            fix="remove it, or write it as an escape in double quotes",
        )
    if not isinstance(error, yaml.MarkedYAMLError):
        return InputError("The file is no valid YAML.", where=path, got=error)
    words = f"{error.context or ''} {error.problem or ''}"
    fault = next((fault for fault in _FAULTS if re.search(fault.pattern, words)), _UNKNOWN)
    mark = (error.context_mark if fault.at_start else None) or error.problem_mark
    line, column = lines.line_and_column(mark.index if mark is not None else 0)
    return InputError(
        "The file is no valid YAML.",
        where=f"{path}:{line}, column {column}",
        expected="keys and values, such as 'name: value', and items that begin with a dash",
        got=f"{fault.meaning}: {_shortened(lines.content(line))!r}",
        fix=fault.fix,
    )


def _code(character: object) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")


def _shortened(line: str) -> str:
    text = line.strip()
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"
