"""Natural language inference from three parallel files (SNLI)."""

from __future__ import annotations

from pathlib import Path

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example, Target
from tunescope.tasks.text_file import FilePath, place, read_lines

__all__ = ["read_snli"]

_STEMS = ("s1", "s2", "labels")
_LABELS = ("contradiction", "entailment", "neutral")


def read_snli(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read premises, hypotheses and labels that stand line by line in three files.

    Args:
        path: Any of the three files ``s1.dev``, ``s2.dev`` and ``labels.dev``; the others lie beside it. The
            ending, here ``dev``, is free.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every line, named by the premise file and the line.

    Raises:
        InputError: The path has another name, a file cannot be read, the files differ in their number of lines,
            a text is empty, or a label is none of entailment, neutral and contradiction.

    References:
        Bowman et al. 2015, "A large annotated corpus for learning natural language inference".
    """
    paths = _parallel_paths(Path(path))
    premises, hypotheses, labels = (list(read_lines(p, encoding=encoding)) for p in paths)
    _check_lengths(paths, [len(premises), len(hypotheses), len(labels)])
    examples = []
    for (line, premise), (_, hypothesis), (_, label) in zip(premises, hypotheses, labels, strict=True):
        texts = [" ".join(text.split()) for text in (premise, hypothesis)]
        for file, text in zip(paths, texts, strict=False):
            if not text:
                raise InputError(
                    "A text is empty.", where=place(file, line), fix="take the line out of all files"
                )
        if label.strip() not in _LABELS:
            raise InputError(
                "A label is unknown.",
                where=place(paths[2], line),
                expected=", ".join(_LABELS),
                got=repr(label),
                fix="take the line out of all files",
            )
        target = Target(label.strip())
        examples.append(Example(f"{paths[0].name}:{line}", texts[0], (target,), second_text=texts[1]))
    return tuple(examples)


def _parallel_paths(path: Path) -> tuple[Path, Path, Path]:
    stem, dot, ending = path.name.partition(".")
    if stem not in _STEMS or not dot:
        raise InputError(
            "The name is not that of one of three parallel files.",
            where=place(path),
            expected="s1.<split>, s2.<split> or labels.<split>, such as s1.dev",
            got=repr(path.name),
        )
    first, second, labels = (path.with_name(f"{name}.{ending}") for name in _STEMS)
    return first, second, labels


def _check_lengths(paths: tuple[Path, Path, Path], lengths: list[int]) -> None:
    if len(set(lengths)) > 1:
        raise InputError(
            "Parallel files differ in their number of lines.",
            where=f"{place(paths[0].parent)}, after line {min(lengths)}",
            expected="one line in each file for every example",
            got=", ".join(f"{path.name}: {n}" for path, n in zip(paths, lengths, strict=True)),
        )
