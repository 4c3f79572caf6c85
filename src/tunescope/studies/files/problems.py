"""Problems of a study file, each with its line, and the one error that tells them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tunescope._core.errors import InputError
from tunescope.studies.files.located_yaml import LocatedYaml
from tunescope.studies.files.places import Place, dotted

__all__ = ["Problem", "refuse", "shortened", "shown"]

_MOST_SHOWN = 20
_LONGEST_VALUE = 80
_LONGEST_EXPECTED = 120


@dataclass(frozen=True)
class Problem:
    """One thing in a study file that is not what it has to be.

    Attributes:
        place: Where it is.
        what: One sentence, for where it is the only problem.
        expected: What would have been right; empty where ``what`` says it.
        got: What was found instead; empty where ``what`` says it.
        fix: What the reader can do; empty where the rest says it.
    """

    place: Place
    what: str
    expected: str = ""
    got: str = ""
    fix: str = ""


def refuse(source: LocatedYaml, problems: Sequence[Problem]) -> InputError:
    """Return the error to raise for the problems, in the order of their lines.

    Args:
        source: The file.
        problems: At least one.
    """
    ordered = sorted(problems, key=lambda problem: source.line_of(problem.place))
    if len(ordered) == 1:
        only = ordered[0]
        return InputError(
            only.what,
            where=_where(source, only.place),
            expected=only.expected or None,
            got=only.got or None,
            fix=only.fix or None,
        )
    lines = [f"The study file {source.path} has {len(ordered)} problems:"]
    lines += [f"  {_line(source, problem.place)}: {_in_short(problem)}" for problem in ordered[:_MOST_SHOWN]]
    if len(ordered) > _MOST_SHOWN:
        lines.append(f"  … and {len(ordered) - _MOST_SHOWN} more")
    return InputError("\n".join(lines))


def shown(value: object) -> str:
    """Return a value of a study file as a message shows it, shortened.

    >>> shown([1, 2, 3])
    'a list of 3'
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        names = ", ".join(str(key) if str(key).isprintable() else repr(key) for key in list(value)[:5])
        return f"the keys {names}{', …' if len(value) > 5 else ''}" if value else "no keys"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    return shortened(repr(value))


def shortened(text: str) -> str:
    """Return the beginning of a text, all of it where it is short."""
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _where(source: LocatedYaml, place: Place) -> str:
    return f"{source.where(place)}, {dotted(place)}" if place else source.where()


def _line(source: LocatedYaml, place: Place) -> str:
    return f"line {source.line_of(place)}, {dotted(place)}" if place else f"line {source.line_of(place)}"


def _in_short(problem: Problem) -> str:
    expected = _fewer(problem.expected)
    told = f"expected {expected}" if expected else problem.what.rstrip(".")
    got = f", got {problem.got}" if problem.got else ""
    return f"{told}{got}{f'; {problem.fix}' if problem.fix else ''}"


def _fewer(names: str) -> str:
    return names if len(names) <= _LONGEST_EXPECTED else f"{names[:_LONGEST_EXPECTED].rsplit(', ', 1)[0]}, …"
