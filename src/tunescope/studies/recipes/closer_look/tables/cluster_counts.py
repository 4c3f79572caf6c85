"""Table 8 of the paper: clusters counted exactly and as published, told apart, with what chance would give."""

from __future__ import annotations

from collections.abc import Mapping

from tunescope.studies.recipes.closer_look.compared_model import ComparedModel
from tunescope.studies.recipes.closer_look.frame import Frame
from tunescope.studies.recipes.closer_look.tables.states import State, states
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["cluster_counts_table"]


def cluster_counts_table(frame: Frame, models: Mapping[str, ComparedModel]) -> StudyTable:
    """Return a row for each model, task and state."""
    return StudyTable.of(
        "cluster-counts",
        "Clusters, counted exactly and as published",
        [_row(state, models[state.place.model]) for state in states(frame)],
        note=(
            "Clusters of the training set at the top layer. The published count leaves out clusters of five examples"
            " or fewer; its program also called some separable sets overlapping, which ours does not. As many clusters"
            " as labels: a linear classifier tells all labels apart. The sample shows what that is worth: few examples"
            " in many dimensions are separable whatever their labels, and then shuffled labels give no more clusters"
            " than true ones. Vacuous pairs: the share of label pairs, in per cent, that hyperplanes separate under"
            " any labelling. Mark m: another model than the paper's."
        ),
        decimals=0,
    )


def _row(state: State, model: ComparedModel) -> dict[str, Cell]:
    theirs = model.theirs(state.place.task, state.stage)
    shuffled = state.top.one(measure="clusters_shuffled")
    return {
        **state.heading,
        "labels": state.whole(measure="labels", split="train"),
        "clusters": state.whole(measure="clusters", split="train"),
        "of more than five": state.whole(measure="published_clusters", split="train"),
        "published": None if theirs is None else int(theirs["n_clusters"]),
        "mark": None if theirs is None else model.mark,
        "in a sample": state.whole(measure="clusters_sampled"),
        "sample, labels shuffled": state.whole(measure="clusters_shuffled"),
        "examples in the sample": None if shuffled is None else int(shuffled["n_examples"]),
        "vacuous pairs": 100 * state.top.value(measure="vacuous_pairs"),
    }
