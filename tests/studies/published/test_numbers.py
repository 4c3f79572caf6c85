import doctest
import importlib
import math
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from pandas.api.types import is_string_dtype

from tunescope._core.errors import InputError
from tunescope.studies.published import numbers
from tunescope.studies.published.numbers import (
    PAPER_MODELS,
    PAPER_VOCABULARY_SIZE,
    SOURCES,
    compared_rows,
    nearest_paper_model,
    paper_model,
    published,
)

N_ROWS = {
    "closer_look_fig4_layer_similarity": 4,
    "closer_look_table5_cross_task": 4,
    "closer_look_table7": 50,
    "frozen_vs_tuned": 2,
    "mdl_elmo_pos": 3,
    "structural_probe_rank": 10,
}
WORDS = {"model", "task", "stage", "fine_tuned_on", "setting"}
COUNTS = {"hidden_1", "hidden_2", "n_clusters", "layer", "rank", "control_variational"}


def test_the_examples_in_the_docstrings_run():
    result = doctest.testmod(importlib.import_module(numbers.__name__))
    assert result.attempted > 0
    assert result.failed == 0


def test_every_file_has_a_source_and_every_source_a_file():
    data = files("tunescope.studies.published").joinpath("data")
    assert {entry.name for entry in data.iterdir()} == {f"{name}.csv" for name in SOURCES}
    assert set(N_ROWS) == set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_the_package_holds_what_was_copied_from_the_papers(name, shared_data):
    original = shared_data(f"../published/{name}.csv").read_bytes()
    assert files("tunescope.studies.published").joinpath("data", f"{name}.csv").read_bytes() == original


@pytest.mark.parametrize(("name", "n_rows"), N_ROWS.items())
def test_rows_types_and_source(name, n_rows):
    table = published(name)
    assert len(table) == n_rows
    assert table.attrs["source"] == SOURCES[name]
    for column, cells in table.items():
        if column in WORDS:
            assert is_string_dtype(cells)
            assert cells.notna().all()
        elif column == "linear":
            assert cells.dtype == np.bool_
        elif column in COUNTS:
            assert cells.dtype == np.int64
        else:
            assert cells.dtype in (np.float64, np.int64)


def test_sources_are_named():
    assert all("2022" in SOURCES[name] for name in SOURCES if name.startswith("closer_look"))
    assert SOURCES["closer_look_table7"].endswith("Table 7")
    assert SOURCES["closer_look_table5_cross_task"].endswith("Table 5")
    assert SOURCES["closer_look_fig4_layer_similarity"].endswith("Figure 4")
    assert SOURCES["frozen_vs_tuned"].startswith("Peters, Ruder and Smith 2019")
    assert SOURCES["mdl_elmo_pos"].startswith("Voita and Titov 2020")
    assert SOURCES["structural_probe_rank"].startswith("Hewitt and Manning 2019")


def test_table_7_is_the_full_grid_with_similarity_only_where_linear():
    table = published("closer_look_table7")
    assert set(table["model"]) == set(PAPER_MODELS)
    assert set(table["task"]) == {"POS", "DEP", "PS-fxn", "PS-role", "TREC-50"}
    assert not table.duplicated(["model", "task", "stage"]).any()
    assert len(table) == table["model"].nunique() * table["task"].nunique() * table["stage"].nunique()
    assert (table["train_test_similarity"].notna() == table["linear"]).all()
    n_labels = table[table["linear"]].groupby("task")["n_clusters"].unique()
    assert {task: list(counts) for task, counts in n_labels.items()} == {
        "POS": [17],
        "DEP": [46],
        "PS-fxn": [40],
        "PS-role": [46],
    }


def test_table_7_spot_values():
    table = published("closer_look_table7").set_index(["model", "task", "stage"])
    row = table.loc[("tiny", "POS", "original")]
    assert row["accuracy"] == 90.76
    assert row["n_clusters"] == 3936
    assert not row["linear"]
    assert math.isnan(row["train_test_similarity"])
    row = table.loc[("small", "PS-fxn", "tuned")]
    assert (row["accuracy"], row["accuracy_std"]) == (85.08, 0.35)
    assert row["train_test_similarity"] == 0.44
    assert row["linear"]


def test_other_spot_values():
    assert published("closer_look_fig4_layer_similarity").set_index("task").loc["DEP", "layer_12"] == 0.52
    cross_task = published("closer_look_table5_cross_task").set_index("fine_tuned_on")
    assert cross_task.loc["POS", "mean_min_distance_change"] == -1.68
    assert cross_task.loc["none"].isna().tolist() == [True, True, True, False]
    assert published("frozen_vs_tuned").set_index("setting").loc["tuned", "stsb_pearson"] == 87.1
    codelength = published("mdl_elmo_pos").set_index("layer")
    assert codelength.loc[1, "online_compression"] == 53.06
    assert codelength.loc[2, "control_online"] == 717
    assert published("structural_probe_rank").set_index("rank").loc[64, "uuas"] == 79.5


def test_the_tables_of_one_paper_agree():
    accuracy = published("closer_look_table7").set_index(["model", "task", "stage"])["accuracy"]
    cross_task = published("closer_look_table5_cross_task").set_index("fine_tuned_on")["accuracy"]
    assert cross_task["none"] == accuracy["base", "PS-fxn", "original"]
    assert cross_task["PS-fxn"] == accuracy["base", "PS-fxn", "tuned"]


def test_what_a_caller_changes_stays_with_the_caller():
    table = published("structural_probe_rank")
    table.loc[0, "uuas"] = 0.0
    table.attrs["source"] = "me"
    assert published("structural_probe_rank").loc[0, "uuas"] == 26.6
    assert published("structural_probe_rank").attrs["source"] == SOURCES["structural_probe_rank"]


def test_an_unknown_table_is_refused_with_the_names():
    with pytest.raises(InputError, match=r"'table_9'(.|\n)*closer_look_table7"):
        published("table_9")


@pytest.mark.parametrize("name", PAPER_MODELS)
def test_the_papers_models_are_told_by_their_sizes(name):
    _, n_layers, hidden_size = PAPER_MODELS[name]
    assert paper_model(n_layers, hidden_size, PAPER_VOCABULARY_SIZE) == name
    assert nearest_paper_model(n_layers, hidden_size) == name
    assert paper_model(n_layers + 1, hidden_size, PAPER_VOCABULARY_SIZE) is None
    assert paper_model(n_layers, hidden_size + 64, PAPER_VOCABULARY_SIZE) is None
    assert paper_model(n_layers, hidden_size, 28_996) is None


def test_the_names_on_the_hub_tell_the_same_sizes():
    for model in PAPER_MODELS.values():
        if model.hub_name != "bert-base-uncased":
            assert f"L-{model.n_layers}_H-{model.hidden_size}_" in model.hub_name


@pytest.mark.parametrize(
    ("n_layers", "hidden_size", "name"),
    [(6, 384, "small"), (1, 16, "tiny"), (6, 768, "medium"), (24, 1024, "base"), (12, 384, "medium")],
)
def test_other_models_have_a_neighbour_in_size(n_layers, hidden_size, name):
    assert paper_model(n_layers, hidden_size, PAPER_VOCABULARY_SIZE) is None
    assert nearest_paper_model(n_layers, hidden_size) == name


@pytest.mark.parametrize(("n_layers", "hidden_size"), [(1, 16), (3, 24)])
def test_the_parameters_are_those_of_a_model(n_layers, hidden_size):
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=10,
        hidden_size=hidden_size,
        num_hidden_layers=n_layers,
        num_attention_heads=2,
        intermediate_size=4 * hidden_size,
    )
    counted = sum(weight.numel() for weight in BertModel(config).encoder.parameters())
    assert numbers.n_layer_parameters(n_layers, hidden_size) == counted


@pytest.mark.parametrize(
    "call",
    [
        lambda: paper_model(0, 128, 30522),
        lambda: paper_model(2, 0, 30522),
        lambda: paper_model(2, 128, 0),
        lambda: nearest_paper_model(0, 128),
        lambda: nearest_paper_model(2, -1),
    ],
)
def test_sizes_that_no_model_has_are_refused(call):
    with pytest.raises(InputError, match="at least 1"):
        call()


@pytest.fixture
def ours():
    return pd.DataFrame(
        {
            "model": ["small", "base", "base", "huge"],
            "n_layers": [6, 12, 12, 40],
            "task": ["POS", "POS", "NER", "POS"],
            "stage": "tuned",
            "accuracy": [95.0, np.nan, 80.0, 97.0],
            "train_test_similarity": [0.7, 0.7, 0.7, 0.7],
        },
        index=[7, 7, 3, 1],
    )


KEYS = ["model", "task", "stage"]


def test_our_numbers_with_the_published_ones_beside_them(ours):
    before = ours.copy()
    rows = compared_rows(
        ours, published("closer_look_table7"), KEYS, "accuracy", same_model=True, same_data=True
    )
    assert list(rows.columns) == [*KEYS, "ours", "published", "difference", "mark"]
    assert rows.index.equals(ours.index)
    assert rows["task"].tolist() == ours["task"].tolist()
    np.testing.assert_array_equal(rows["ours"], [95.0, np.nan, 80.0, 97.0])
    np.testing.assert_array_equal(rows["published"], [95.43, 95.68, np.nan, np.nan])
    np.testing.assert_allclose(rows["difference"], [95.0 - 95.43, np.nan, np.nan, np.nan])
    assert rows["mark"].tolist()[:2] == ["", ""]
    assert rows["mark"].isna().tolist() == [False, False, True, True]
    pd.testing.assert_frame_equal(ours, before)


@pytest.mark.parametrize(
    ("same_model", "same_data", "mark"),
    [(True, True, ""), (False, True, "m"), (True, False, "d"), (False, False, "md")],
)
@pytest.mark.parametrize("as_function", [False, True])
def test_marks(ours, same_model, same_data, mark, as_function):
    model, data = ((lambda _: same_model), (lambda _: same_data)) if as_function else (same_model, same_data)
    table = published("closer_look_table7")
    rows = compared_rows(ours, table, KEYS, "accuracy", same_model=model, same_data=data)
    assert rows["mark"].tolist()[:2] == [mark, mark]


def test_a_function_sees_all_columns_of_rows_with_a_published_number(ours):
    rows = compared_rows(
        ours,
        published("closer_look_table7"),
        KEYS,
        "accuracy",
        same_model=lambda row: row["n_layers"] == PAPER_MODELS[row["model"]].n_layers,  # knows no "huge"
        same_data=lambda row: row["task"] == "NER",
    )
    assert rows["mark"].tolist()[:2] == ["md", "d"]
    assert rows["mark"].isna().tolist() == [False, False, True, True]


def test_an_empty_cell_of_the_paper_is_no_published_number():
    ours = pd.DataFrame(
        {"model": ["tiny"], "task": ["POS"], "stage": ["tuned"], "train_test_similarity": [0.9]}
    )
    table = published("closer_look_table7")
    rows = compared_rows(ours, table, KEYS, "train_test_similarity", same_model=True, same_data=True)
    assert rows[["published", "difference", "mark"]].isna().all(axis=None)


def test_several_rows_of_ours_may_have_the_same_keys():
    ours = pd.DataFrame({"rank": [64, 1, 64, 3], "uuas": [80, 20, 79, 30]})
    rows = compared_rows(
        ours, published("structural_probe_rank"), ["rank"], "uuas", same_model=False, same_data=True
    )
    np.testing.assert_array_equal(rows["published"], [79.5, 26.6, 79.5, np.nan])
    assert rows["difference"].iloc[2] == -0.5


def test_against_a_naive_reference():
    table = published("closer_look_table7")
    rng = np.random.default_rng(0)
    ours = table.sample(frac=0.8, random_state=1).assign(
        accuracy=lambda t: t["accuracy"] + rng.normal(size=len(t))
    )
    rest = table.sample(frac=0.7, random_state=2)
    rows = compared_rows(ours, rest, KEYS, "accuracy", same_model=True, same_data=False)
    for (_, mine), (_, row) in zip(ours.iterrows(), rows.iterrows(), strict=True):
        found = [r["accuracy"] for _, r in rest.iterrows() if all(r[key] == mine[key] for key in KEYS)]
        assert row["ours"] == mine["accuracy"]
        if found:
            assert (row["published"], row["mark"]) == (found[0], "d")
            assert row["difference"] == mine["accuracy"] - found[0]
        else:
            assert row[["published", "difference", "mark"]].isna().all()


def test_no_rows_and_no_match():
    table = published("structural_probe_rank")
    nothing = compared_rows(table.head(0), table, ["rank"], "uuas", same_model=True, same_data=True)
    assert nothing.empty
    assert list(nothing.columns) == ["rank", "ours", "published", "difference", "mark"]
    apart = compared_rows(table.head(3), table.tail(3), ["rank"], "uuas", same_model=True, same_data=True)
    assert apart[["published", "difference", "mark"]].isna().all(axis=None)


def test_numbers_that_may_be_missing():
    ours = pd.DataFrame({"rank": [1, 2], "uuas": pd.array([20, None], dtype="Int64")})
    rows = compared_rows(
        ours, published("structural_probe_rank"), ["rank"], "uuas", same_model=True, same_data=True
    )
    assert rows["ours"].dtype == np.float64
    assert rows["difference"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("ours", "paper", "on", "message"),
    [
        ({"k": [1], "v": [1.0]}, {"k": [1], "v": [1.0]}, [], "Nothing tells"),
        ({"k": [1], "v": [1.0]}, {"k": [1], "v": [1.0]}, ["k", "v"], "Nothing tells"),
        ({"v": [1.0]}, {"k": [1], "v": [1.0]}, ["k"], r"absent(.|\n)*where: ours(.|\n)*expected: k"),
        ({"k": [1], "v": [1.0]}, {"k": [1]}, ["k"], r"absent(.|\n)*where: published(.|\n)*expected: v"),
        ({"k": [1], "v": ["1"]}, {"k": [1], "v": [1.0]}, ["k"], r"no numbers(.|\n)*where: ours"),
        ({"k": [1], "v": [1.0]}, {"k": [1], "v": ["1"]}, ["k"], r"no numbers(.|\n)*where: published"),
        ({"k": [1], "v": [1.0]}, {"k": [1, 1], "v": [1.0, 2.0]}, ["k"], r"same keys(.|\n)*got: \{'k': 1\}"),
        ({"k": ["1"], "v": [1.0]}, {"k": [1], "v": [1.0]}, ["k"], "different types"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(ours, paper, on, message):
    with pytest.raises(InputError, match=message):
        compared_rows(pd.DataFrame(ours), pd.DataFrame(paper), on, "v", same_model=True, same_data=True)
