"""The numbers of the papers as tables, the models they are of, and ours beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd
from pandas.api.types import is_numeric_dtype

from tunescope._core.errors import InputError

__all__ = [
    "PAPER_MODELS",
    "PAPER_VOCABULARY_SIZE",
    "SOURCES",
    "PaperModel",
    "compared_rows",
    "goes_by",
    "mark",
    "n_layer_parameters",
    "nearest_paper_model",
    "paper_model",
    "published",
]

_CLOSER_LOOK = "Zhou and Srikumar 2022, “A Closer Look at How Fine-tuning Changes BERT”"

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "closer_look_fig4_layer_similarity": f"{_CLOSER_LOOK}, Figure 4",
        "closer_look_table5_cross_task": f"{_CLOSER_LOOK}, Table 5",
        "closer_look_table7": f"{_CLOSER_LOOK}, Table 7",
        "frozen_vs_tuned": (
            "Peters, Ruder and Smith 2019, “To Tune or Not to Tune? Adapting Pretrained Representations to Diverse "
            "Tasks”, with lecture slides on it"
        ),
        "mdl_elmo_pos": (
            "Voita and Titov 2020, “Information-Theoretic Probing with Minimum Description Length”, part-of-speech "
            "task and its control task on ELMo"
        ),
        "structural_probe_rank": (
            "Hewitt and Manning 2019, “A Structural Probe for Finding Syntax in Word Representations”, layer 7 of "
            "BERT-base"
        ),
    }
)
"""Where each table that :func:`published` reads is from."""


class PaperModel(NamedTuple):
    """A model of Zhou and Srikumar (2022).

    Attributes:
        hub_name: Its name on the Hugging Face hub.
        n_layers: Transformer layers, the embeddings not counted.
        hidden_size: Length of its vectors.
    """

    hub_name: str
    n_layers: int
    hidden_size: int


PAPER_MODELS: Mapping[str, PaperModel] = MappingProxyType(
    {
        "tiny": PaperModel("google/bert_uncased_L-2_H-128_A-2", 2, 128),
        "mini": PaperModel("google/bert_uncased_L-4_H-256_A-4", 4, 256),
        "small": PaperModel("google/bert_uncased_L-4_H-512_A-8", 4, 512),
        "medium": PaperModel("google/bert_uncased_L-8_H-512_A-8", 8, 512),
        "base": PaperModel("bert-base-uncased", 12, 768),
    }
)
"""The models of Zhou and Srikumar (2022) by the names in their Table 7, smallest first."""

PAPER_VOCABULARY_SIZE = 30_522
"""Subwords in the vocabulary that all of :data:`PAPER_MODELS` share."""

Same = bool | Callable[[Mapping[str, object]], bool]
"""Whether something is as in the paper: for all rows, or a function of a row of ours, by column."""


def published(name: str) -> pd.DataFrame:
    """Return a table of published numbers.

    The numbers stand as they were reported, in units that differ: accuracies and UUAS are in per cent, codelengths in
    kbit, spatial similarities correlations in [−1, 1]; of ``"frozen_vs_tuned"``, the Pearson correlation is times 100
    but the span F1 a share in [0, 1].

    Args:
        name: A key of :data:`SOURCES`.

    Returns:
        A table of one's own, to change at will. What the paper does not give is NaN: in ``"closer_look_table7"``,
        where ``linear`` is boolean, the similarity of training and test set stands only where the classes are
        linearly separable. ``attrs["source"]`` is where the numbers are from.

    Raises:
        InputError: There is no such table.

    >>> table = published("closer_look_table7").set_index(["model", "task", "stage"])
    >>> float(table.loc[("base", "POS", "tuned"), "accuracy"])
    95.68
    """
    if name not in SOURCES:
        raise InputError(
            f"There are no published numbers of the name {name!r}.",
            where="name",
            expected=", ".join(SOURCES),
            got=name,
        )
    return _read(name).copy()


def paper_model(n_layers: int, hidden_size: int, vocab_size: int) -> str | None:
    """Return which of the paper's models has this architecture, or ``None``.

    Equal sizes are no proof of equal weights: a model trained further from ``bert-base-uncased`` has them too.

    Args:
        n_layers: Transformer layers, at least 1.
        hidden_size: Length of the vectors, at least 1.
        vocab_size: Subwords in the vocabulary, at least 1; it tells ``bert-base-uncased`` from its cased sister.

    Returns:
        A key of :data:`PAPER_MODELS`; ``None`` unless all three are equal.

    Raises:
        InputError: A size is below 1.

    >>> paper_model(12, 768, 30522)
    'base'
    >>> paper_model(6, 384, 30522) is None
    True
    """
    _check_sizes(n_layers=n_layers, hidden_size=hidden_size, vocab_size=vocab_size)
    if vocab_size != PAPER_VOCABULARY_SIZE:
        return None
    sizes = (n_layers, hidden_size)
    return next(
        (name for name, model in PAPER_MODELS.items() if (model.n_layers, model.hidden_size) == sizes), None
    )


def nearest_paper_model(n_layers: int, hidden_size: int) -> str:
    """Return which of the paper's models is nearest in size, to be set beside a model that the paper has not.

    Nearest is by the ratio of the numbers of parameters in the transformer layers, n_layers · (12 h² + 13 h) for hidden
    size h and an inner size of 4 h. Embeddings are left out: in small models they are most of the parameters, and
    they say more of the vocabulary than of the encoder. Numbers of such a neighbour carry the mark ``"m"``.

    Args:
        n_layers: Transformer layers, at least 1.
        hidden_size: Length of the vectors, at least 1.

    Returns:
        A key of :data:`PAPER_MODELS`; the smaller of two that are equally near.

    Raises:
        InputError: A size is below 1.

    >>> nearest_paper_model(6, 384)
    'small'
    """
    _check_sizes(n_layers=n_layers, hidden_size=hidden_size)
    size = math.log(n_layer_parameters(n_layers, hidden_size))

    def distance(name: str) -> float:
        model = PAPER_MODELS[name]
        return abs(math.log(n_layer_parameters(model.n_layers, model.hidden_size)) - size)

    return min(PAPER_MODELS, key=distance)


def compared_rows(
    ours: pd.DataFrame,
    published: pd.DataFrame,
    on: Sequence[str],
    value: str,
    *,
    same_model: Same,
    same_data: Same,
) -> pd.DataFrame:
    """Return our numbers with the published ones beside them.

    Args:
        ours: Our numbers, in the unit of the published ones; several rows may have the same keys, such as seeds.
        published: The paper's numbers, at most one row for each combination of keys.
        on: The columns, at least one, whose values tell which numbers belong together; both tables have them.
        value: The column of the numbers to compare, which both tables have.
        same_model: Whether our model is the paper's; or a function that tells so of a row of ``ours``, by column;
            it is asked only where there is a published number.
        same_data: Whether our data are the paper's; or a function as above.

    Returns:
        One row for each of ``ours``, in the same order and with the same index: the columns ``on``; ``ours``;
        ``published``; ``difference``, ours minus published; and ``mark``: ``""`` where model and data are the
        paper's, ``"m"`` where the model is another, ``"d"`` where the data are, ``"md"`` where both are. Where there
        is no published number, ``published``, ``difference`` and ``mark`` are NaN.

    Raises:
        InputError: A column is absent, holds no numbers where it should, or is of another type than its counterpart;
            or several published rows have the same keys.

    >>> ours = pd.DataFrame({"task": ["POS", "NER"], "accuracy": [95.0, 88.0]})
    >>> paper = pd.DataFrame({"task": ["POS", "DEP"], "accuracy": [94.5, 90.0]})
    >>> compared_rows(ours, paper, ["task"], "accuracy", same_model=True, same_data=False)
      task  ours  published  difference mark
    0  POS  95.0       94.5         0.5    d
    1  NER  88.0        NaN         NaN  NaN
    """
    keys = list(on)
    _check_tables(ours, published, keys, value)
    rows = ours[keys].copy()
    rows["ours"] = ours[value].astype("float64")
    rows["published"] = _published_values(ours, published, keys, value)
    rows["difference"] = rows["ours"] - rows["published"]
    found = rows["published"].notna()
    marks = [
        mark(same_model=_holds(same_model, row), same_data=_holds(same_data, row)) if is_found else math.nan
        for row, is_found in zip(_by_column(ours), found, strict=True)
    ]
    rows["mark"] = pd.Series(marks, index=ours.index, dtype=object)
    return rows


def mark(*, same_model: bool, same_data: bool) -> str:
    """Return what stands beside a published number: ``"m"`` for another model, ``"d"`` for other data, or both.

    >>> mark(same_model=False, same_data=False)
    'md'
    """
    return ("" if same_model else "m") + ("" if same_data else "d")


def goes_by(path: str, hub_name: str) -> bool:
    """Return whether a model's path or name is that of a model on the hub, or ends like it, as a copy's folder does.

    >>> goes_by("models/bert-base-uncased", "google-bert/bert-base-uncased")
    True
    """
    return PurePath(path).name == PurePath(hub_name).name


@cache
def _read(name: str) -> pd.DataFrame:
    text = files("tunescope.studies.published").joinpath("data", f"{name}.csv")
    with text.open(encoding="utf8") as stream:
        # Only empty cells are missing: a task may be called "none".
        table = pd.read_csv(
            stream, comment="#", true_values=["Y"], false_values=["N"], keep_default_na=False, na_values=[""]
        )
    table.attrs["source"] = SOURCES[name]
    return table


def n_layer_parameters(n_layers: int, hidden_size: int) -> int:
    """Return the parameters of attention (4 h² + 4 h), the two inner maps (8 h² + 5 h) and two norms (4 h)."""
    return n_layers * (12 * hidden_size**2 + 13 * hidden_size)


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise InputError("A model has no such size.", where=name, expected="at least 1", got=size)


def _check_tables(ours: pd.DataFrame, published: pd.DataFrame, keys: list[str], value: str) -> None:
    if not keys or value in keys:
        raise InputError(
            "Nothing tells which numbers belong together.",
            where="on",
            expected=f"one column or more, and not {value!r}, whose numbers are compared",
            got=keys,
        )
    for name, table in (("ours", ours), ("published", published)):
        absent = [column for column in (*keys, value) if column not in table.columns]
        if absent:
            raise InputError(
                "A column is absent.",
                where=name,
                expected=", ".join(absent),
                got=", ".join(map(str, table.columns)),
            )
        if not is_numeric_dtype(table[value]):
            raise InputError(
                f"The column {value!r} holds no numbers.",
                where=name,
                expected="numbers",
                got=table[value].dtype,
            )
    repeated = published.duplicated(keys)
    if repeated.any():
        raise InputError(
            "Several published rows have the same keys.",
            where="published",
            expected=f"each combination of {', '.join(keys)} once",
            got=published.loc[repeated, keys].iloc[0].to_dict(),
            fix="Join on more columns, or choose rows first.",
        )


def _published_values(
    ours: pd.DataFrame, published: pd.DataFrame, keys: list[str], value: str
) -> pd.Series[float]:
    """Return the published number of each row of ``ours``, NaN where there is none."""
    try:
        joined = ours[keys].merge(published[[*keys, value]], on=keys, how="left")
    except ValueError as error:  # text on one side, numbers on the other
        raise InputError("The tables have keys of different types.", where="on", got=error) from error
    return joined[value].astype("float64").set_axis(ours.index)


def _by_column(table: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(column): cell for column, cell in row.items()} for row in table.to_dict("records")]


def _holds(same: Same, row: Mapping[str, object]) -> bool:
    return same(row) if callable(same) else same
