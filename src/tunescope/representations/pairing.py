"""The targets that two stores share, so that their vectors can be compared row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Int

from tunescope._core.errors import InputError
from tunescope.representations.store import Representations

__all__ = ["shared_targets"]

_IDENTITY = ["sentence_id", "token", "number"]


def shared_targets(
    one: Representations, other: Representations, *, same_labels: bool = True
) -> tuple[Int[np.ndarray, " target"], Int[np.ndarray, " target"]]:
    """Return where the targets that two stores share stand in each, in the order of the first.

    A target is known by its sentence's id and its words; of targets with equal words in one sentence the first is the
    first of the other store. The order of sentences may differ, and each store may have targets of its own.

    Args:
        one: The vectors of a model.
        other: Those of another model, or of another extraction.
        same_labels: Refuse a target that has another label in the other store. Measures that do not read labels, such
            as RSA and CKA, can do without.

    Returns:
        Rows of the first store, ascending, and of the second, each of shape (target,).

    Raises:
        InputError: They share no target, or one has another label.

    Example:
        Vectors of a model before and after, however they were extracted::

            before, after = open_representations("before"), open_representations("after")
            rows, other_rows = shared_targets(before, after)
            cka_estimate(before.layer(6, rows), after.layer(6, other_rows), before.sentence_ids[rows], rng=rng)
    """
    tables = [_identified(each) for each in (one, other)]
    shared = tables[0].merge(tables[1], on=_IDENTITY, suffixes=("_one", "_other")).sort_values("row_one")
    if shared.empty:
        raise InputError(
            "Two sets of vectors have no target in common.",
            where=f"{one.folder} and {other.folder}",
            expected="targets of the same sentences: equal ids, and equal words",
            got=" and ".join(_example(table) for table in tables),
            fix="extract both from the same file, with the same names of sentences and the same kind of targets",
        )
    if same_labels:
        _check_labels(shared, one, other)
    return shared["row_one"].to_numpy(), shared["row_other"].to_numpy()


def _identified(store: Representations) -> pd.DataFrame:
    """Return the table of targets with each one's row, and its number among those of its sentence with equal words."""
    table = store.targets.assign(row=np.arange(len(store.targets)))
    return table.assign(number=table.groupby(["sentence_id", "token"], sort=False).cumcount())


def _example(table: pd.DataFrame) -> str:
    first = table.iloc[0]
    return f"{len(table)} targets, the first {first['token']!r} in {first['sentence_id']!r}"


def _check_labels(shared: pd.DataFrame, one: Representations, other: Representations) -> None:
    unlike = shared[shared["label_one"] != shared["label_other"]]
    if len(unlike):
        first = unlike.iloc[0]
        raise InputError(
            "Two sets of vectors have other labels for the same targets.",
            where=f"{one.folder} and {other.folder}, {first['token']!r} in {first['sentence_id']!r}",
            expected=f"the label {first['label_one']!r}, as in the first",
            got=f"{first['label_other']!r}; {len(unlike)} of {len(shared)} targets differ",
            fix="extract both with the same labels, or pass same_labels=False to a measure that reads none",
        )
