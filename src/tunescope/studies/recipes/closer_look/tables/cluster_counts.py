"""Clusters counted exactly, beside the published counts of a program that errs, and what chance would give."""

from __future__ import annotations

from collections.abc import Mapping

from tunescope.studies.recipes.closer_look.compared_model import ComparedModel, is_paper_data
from tunescope.studies.recipes.closer_look.frame import Frame
from tunescope.studies.recipes.closer_look.tables.states import State, states
from tunescope.studies.study_result import Cell, StudyTable

__all__ = ["cluster_counts_table"]


def cluster_counts_table(frame: Frame, models: Mapping[str, ComparedModel]) -> StudyTable:
    """Return a row for each model, task and state."""
    return StudyTable.of(
        "cluster-counts",
        "Clusters, counted exactly and as published",
        [
            _row(state, models[state.place.model], is_paper_data(frame, state.place.model, state.place.task))
            for state in states(frame)
        ],
        note=(
            "Clusters of the training set at the top layer, counted exactly; beside them those of more than five"
            " examples, which the published analysis keeps for distances; and the published counts (Table 7 of the"
            " paper), whose program called some separable sets overlapping, so that it may have found too many. As many"
            " clusters as labels: a linear classifier tells all labels apart. The sample shows what that is worth: few"
            " examples in many dimensions are separable whatever their labels, and then shuffled labels give no more"
            " clusters than true ones. Vacuous pairs: the share of label pairs in the sample, in per cent, that"
            " hyperplanes separate under any labelling. Marks: m, another model than the paper's; d, other data."
        ),
        decimals=0,
    )


def _row(state: State, model: ComparedModel, same_data: bool) -> dict[str, Cell]:
    theirs = model.theirs(state.place.task, state.stage)
    shuffled = state.top.one(measure="clusters_shuffled")
    return {
        **state.heading,
        "labels": state.whole(measure="labels", split="train"),
        "clusters": state.whole(measure="clusters", split="train"),
        "of more than five": state.whole(measure="published_clusters", split="train"),
        "published": None if theirs is None else int(theirs["n_clusters"]),
        "mark": None if theirs is None else model.mark(same_data),
        "in a sample": state.whole(measure="clusters_sampled"),
        "sample, labels shuffled": state.whole(measure="clusters_shuffled"),
        "examples in the sample": None if shuffled is None else int(shuffled["n_examples"]),
        "vacuous pairs in the sample": 100 * state.top.value(measure="vacuous_pairs"),
    }
