"""Tasks of the GLUE benchmark as it distributes them: tab-separated, unquoted (Wang et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example, Target
from tunescope.tasks.number_label import parse_number
from tunescope.tasks.tab_separated import read_tab_separated
from tunescope.tasks.text_file import FilePath, place

__all__ = ["read_cola", "read_mrpc", "read_rte", "read_sst2", "read_stsb"]

_SENTIMENTS = MappingProxyType({"0": "negative", "1": "positive"})
_PARAPHRASES = MappingProxyType({"0": "not_equivalent", "1": "equivalent"})
_ENTAILMENTS = MappingProxyType({name: name for name in ("entailment", "not_entailment")})
_JUDGEMENTS = MappingProxyType({"0": "unacceptable", "1": "acceptable"})


def read_sst2(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read phrases of film reviews with their sentiment (SST-2).

    Args:
        path: ``train.tsv`` or ``dev.tsv``: columns ``sentence`` and ``label``. The published ``test.tsv`` has no
            labels.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every row, named ``file:line``; the file's 0 and 1 are ``negative`` and ``positive``.

    Raises:
        InputError: The file cannot be read, a column is missing, a row is malformed, a text is empty, or a label
            is unknown.

    References:
        Socher et al. 2013, "Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank".
    """
    rows = read_tab_separated(path, ("sentence", "label"), encoding=encoding)
    return tuple(
        _example(path, line, {"sentence": text}, _class(label, _SENTIMENTS, place(path, line, "label")))
        for line, (text, label) in rows
    )


def read_mrpc(
    path: FilePath, *, leave_out: FilePath | None = None, encoding: str = "utf-8"
) -> tuple[Example, ...]:
    """Read pairs of sentences from news, and whether they are paraphrases (MRPC).

    Args:
        path: ``train.tsv`` or ``dev.tsv``, or the corpus's own ``msr_paraphrase_train.txt``, which holds the pairs of
            both: columns ``Quality``, ``#1 ID``, ``#2 ID``, ``#1 String`` and ``#2 String``.
        leave_out: A file with two ids in each line, such as ``dev_ids.tsv``: pairs with these ids are left out.
            With ``msr_paraphrase_train.txt`` this gives the 3,668 training pairs of GLUE.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every pair, named ``file:line``; the file's 0 and 1 are ``not_equivalent`` and
        ``equivalent``.

    Raises:
        InputError: A file cannot be read, a column is missing, a row is malformed, a text is empty, a label is
            unknown, or none of the pairs to leave out is there.

    References:
        Dolan and Brockett 2005, "Automatically Constructing a Corpus of Sentential Paraphrases".
    """
    columns = ("Quality", "#1 ID", "#2 ID", "#1 String", "#2 String")
    unwanted = set() if leave_out is None else _read_pairs_of_ids(leave_out, encoding)
    examples, n_left_out = [], 0
    for line, (quality, first_id, second_id, first, second) in read_tab_separated(
        path, columns, encoding=encoding
    ):
        if (first_id, second_id) in unwanted:
            n_left_out += 1
            continue
        label = _class(quality, _PARAPHRASES, place(path, line, "Quality"))
        examples.append(_example(path, line, {"#1 String": first, "#2 String": second}, label))
    if unwanted and not n_left_out:
        raise InputError(
            "None of the pairs to leave out is in the file.",
            where=place(path),
            expected=f"ids as in {place(leave_out or '')}",
            fix="give the ids of this file's pairs, or no leave_out",
        )
    return tuple(examples)


def read_rte(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read pairs of texts and whether the first entails the second (RTE).

    Args:
        path: ``train.tsv`` or ``dev.tsv``: columns ``sentence1``, ``sentence2`` and ``label``.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every pair, named ``file:line``; labels as in the file, ``entailment`` and
        ``not_entailment``.

    Raises:
        InputError: The file cannot be read, a column is missing, a row is malformed, a text is empty, or a label
            is unknown.

    References:
        Dagan et al. 2006, "The PASCAL Recognising Textual Entailment Challenge", and its successors.
    """
    rows = read_tab_separated(path, ("sentence1", "sentence2", "label"), encoding=encoding)
    return tuple(
        _example(
            path,
            line,
            {"sentence1": first, "sentence2": second},
            _class(label, _ENTAILMENTS, place(path, line, "label")),
        )
        for line, (first, second, label) in rows
    )


def read_stsb(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read pairs of sentences and how similar they are, from 0 (unrelated) to 5 (the same) (STS-B).

    Args:
        path: ``train.tsv`` or ``dev.tsv``: columns ``sentence1``, ``sentence2`` and ``score``.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every pair, named ``file:line``; the label is the score as a number.

    Raises:
        InputError: The file cannot be read, a column is missing, a row is malformed, a text is empty, or a score
            is no finite number.

    References:
        Cer et al. 2017, "SemEval-2017 Task 1: Semantic Textual Similarity".
    """
    rows = read_tab_separated(path, ("sentence1", "sentence2", "score"), encoding=encoding)
    return tuple(
        _example(
            path,
            line,
            {"sentence1": first, "sentence2": second},
            parse_number(score, place(path, line, "score")),
        )
        for line, (first, second, score) in rows
    )


def read_cola(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read sentences from linguistics and whether they are acceptable English (CoLA).

    Args:
        path: ``train.tsv`` or ``dev.tsv``, or a file of ``original/raw`` such as ``out_of_domain_dev.tsv``: four
            columns without a header, namely source, label, the author's mark, and sentence.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every row, named ``file:line``; the file's 0 and 1 are ``unacceptable`` and ``acceptable``.

    Raises:
        InputError: The file cannot be read, a row is malformed, a text is empty, or a label is unknown.

    References:
        Warstadt, Singh and Bowman 2019, "Neural Network Acceptability Judgments".
    """
    columns = ("source", "label", "mark", "sentence")
    rows = read_tab_separated(path, columns, header=False, encoding=encoding)
    return tuple(
        _example(path, line, {"sentence": text}, _class(label, _JUDGEMENTS, place(path, line, "label")))
        for line, (_, label, _, text) in rows
    )


def _example(path: FilePath, line: int, columns: Mapping[str, str], label: str | float) -> Example:
    texts: Sequence[str] = [text.strip() for text in columns.values()]
    for name, text in zip(columns, texts, strict=True):
        if not text:
            raise InputError("A text is empty.", where=place(path, line, name), fix="remove the row")
    return Example(
        sentence_id=f"{Path(path).name}:{line}",
        text=texts[0],
        targets=(Target(label),),
        second_text=texts[1] if len(texts) > 1 else None,
    )


def _class(value: str, names: Mapping[str, str], where: str) -> str:
    if value not in names:
        raise InputError("A label is unknown.", where=where, expected=" or ".join(names), got=repr(value))
    return names[value]


def _read_pairs_of_ids(path: FilePath, encoding: str) -> set[tuple[str, str]]:
    rows = read_tab_separated(path, ("#1 ID", "#2 ID"), header=False, encoding=encoding)
    return {(first, second) for _, (first, second) in rows}
