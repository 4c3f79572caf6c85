"""Questions and the kind of their answer (TREC, Li and Roth 2002)."""

from __future__ import annotations

from pathlib import Path

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example, Target
from tunescope.tasks.text_file import FilePath, place, read_lines

__all__ = ["read_trec_coarse", "read_trec_fine"]


def read_trec_coarse(path: FilePath, *, encoding: str = "latin-1") -> tuple[Example, ...]:
    """Read questions with the six coarse kinds of answer, such as ``NUM``.

    Args:
        path: A file with lines ``COARSE:fine question``. Spaces in a row, which the corpus has where quotation
            marks were removed, count as one.
        encoding: The corpus comes in Latin-1.

    Returns:
        An example for every question, named ``file:line``.

    Raises:
        InputError: The file cannot be read, or a line has no label or no question.

    References:
        Li and Roth 2002, "Learning Question Classifiers".
    """
    return _read(path, encoding, fine=False)


def read_trec_fine(path: FilePath, *, encoding: str = "latin-1") -> tuple[Example, ...]:
    """Read questions with the fifty fine kinds of answer, such as ``NUM:dist``.

    Args:
        path: A file with lines ``COARSE:fine question``. Spaces in a row count as one.
        encoding: The corpus comes in Latin-1.

    Returns:
        An example for every question, named ``file:line``. Labels keep their coarse part, since fine names such
        as ``other`` occur under several.

    Raises:
        InputError: The file cannot be read, or a line has no label or no question.

    References:
        Li and Roth 2002, "Learning Question Classifiers".
    """
    return _read(path, encoding, fine=True)


def _read(path: FilePath, encoding: str, *, fine: bool) -> tuple[Example, ...]:
    examples = []
    for number, line in read_lines(path, encoding=encoding):
        if not line.strip():
            continue
        label, *words = line.split()
        coarse, colon, detail = label.partition(":")
        if not (coarse and colon and detail):
            raise InputError(
                "A line does not begin with a label.",
                where=place(path, number, "label"),
                expected="COARSE:fine, then a space and the question",
                got=repr(line[:60]),
            )
        if not words:
            raise InputError("A question is empty.", where=place(path, number, "question"), got=repr(line))
        target = Target(label if fine else coarse)
        examples.append(Example(f"{Path(path).name}:{number}", " ".join(words), (target,)))
    return tuple(examples)
