"""Labelled text from a ``datasets.Dataset``, as Hugging Face's hub serves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example, LabelKind, Span, Target
from tunescope.tasks.number_label import parse_number

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["read_hub_texts", "read_hub_tokens"]

_NO_TOKEN_LABEL = -100
_NO_TEXT_LABEL = -1


def read_hub_texts(
    dataset: Dataset,
    *,
    text: str = "text",
    second_text: str | None = None,
    label: str = "label",
    label_kind: LabelKind = LabelKind.CLASS,
) -> tuple[Example, ...]:
    """Read one labelled text, or pair of texts, from each row of a dataset.

    Args:
        dataset: One split of a dataset.
        text: Column of the text.
        second_text: Column of the second text, for sentence pairs.
        label: Column of the label. Where the dataset names its classes (``ClassLabel``), the names are the labels.
        label_kind: Whether labels are classes or numbers.

    Returns:
        An example for every row, named by the split and the row, counted from 0. White space around texts is
        removed.

    Raises:
        InputError: This is no single split, a column is missing, a text is empty, or a label is missing, unknown or
            no finite number.
    """
    name = _split_name(dataset)
    columns = [text, *([] if second_text is None else [second_text])]
    _check_columns(dataset, [*columns, label])
    classes = _class_names(dataset.features[label])
    examples = []
    for row, record in enumerate(dataset.select_columns([*columns, label])):
        texts = [_text(record[column], _place(name, row, column)) for column in columns]
        where = _place(name, row, label)
        value = record[label]
        target = Target(
            parse_number(value, where) if label_kind is LabelKind.NUMBER else _class(value, classes, where)
        )
        examples.append(Example(f"{name}:{row}", texts[0], (target,), texts[1] if len(texts) > 1 else None))
    return tuple(examples)


def read_hub_tokens(
    dataset: Dataset, *, words: str = "tokens", labels: str = "pos_tags"
) -> tuple[Example, ...]:
    """Read a label for every word from each row of a dataset.

    Args:
        dataset: One split of a dataset.
        words: Column of the words, a list of texts.
        labels: Column of the labels, a list of the same length. Where the dataset names its classes
            (``ClassLabel``), the names are the labels; a word with label -100 or none is no target.

    Returns:
        An example for every row, named by the split and the row, counted from 0.

    Raises:
        InputError: This is no single split, a column is missing or no list, the lists differ in length, a word is
            empty, or a label is unknown.
    """
    name = _split_name(dataset)
    _check_columns(dataset, [words, labels])
    classes = _class_names(getattr(dataset.features[labels], "feature", None))
    examples = []
    for row, record in enumerate(dataset.select_columns([words, labels])):
        tokens, values = record[words], record[labels]
        for column, value in ((words, tokens), (labels, values)):
            if not isinstance(value, list):
                raise InputError("A row has no list.", where=_place(name, row, column), got=repr(value)[:80])
        if len(tokens) != len(values):
            raise InputError(
                "Words and labels differ in number.",
                where=_place(name, row, labels),
                expected=f"{len(tokens)} labels, one for each word",
                got=len(values),
            )
        text = tuple(_text(token, _place(name, row, words)) for token in tokens)
        targets = tuple(
            Target(_class(value, classes, _place(name, row, labels)), (Span(i, i + 1),))
            for i, value in enumerate(values)
            if value not in (None, _NO_TOKEN_LABEL)
        )
        if text:
            examples.append(Example(f"{name}:{row}", text, targets))
    return tuple(examples)


def _split_name(dataset: Dataset) -> str:
    if isinstance(dataset, Mapping):
        raise InputError(
            "This is a dataset of several splits.",
            where="dataset",
            expected="one split",
            got=", ".join(map(repr, dataset)),
            fix="choose a split, such as dataset['train']",
        )
    return str(dataset.split or "dataset")


def _check_columns(dataset: Dataset, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in dataset.column_names:
            raise InputError(
                "A column is missing.",
                where=f"{_split_name(dataset)}, column {column!r}",
                expected=", ".join(map(repr, columns)),
                got=", ".join(map(repr, dataset.column_names)),
            )


def _class_names(feature: object) -> Sequence[str] | None:
    names = getattr(feature, "names", None)
    return list(names) if names else None


def _place(name: str, row: int, column: str) -> str:
    return f"{name}, row {row}, column {column!r}"


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(
            "A text is empty." if isinstance(value, str) else "A text is no text.",
            where=where,
            got=repr(value)[:80],
            fix="filter such rows out of the dataset",
        )
    return value.strip()


def _class(value: Any, classes: Sequence[str] | None, where: str) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, bool) and classes is None:
        return str(value).lower()
    if isinstance(value, int) and classes is None and value != _NO_TEXT_LABEL:
        return str(value)
    if isinstance(value, int) and classes is not None and 0 <= value < len(classes):
        return classes[value]
    raise InputError(
        "A row has no class.",
        where=where,
        expected="text or a whole number" if classes is None else f"0 to {len(classes) - 1}",
        got=repr(value)[:80],
        fix="filter unlabelled rows out of the dataset; for labels that are numbers, say label_kind='number'",
    )
