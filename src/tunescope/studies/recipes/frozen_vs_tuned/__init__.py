"""The study frozen-vs-tuned: Peters, Ruder and Smith 2019, "To Tune or Not to Tune?"."""

from __future__ import annotations

from importlib.resources import files
from typing import cast

import pandas as pd

from tunescope.models.checkpoint import find_checkpoint
from tunescope.studies.files.paths import model_location
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.published.numbers import PAPER_MODELS, goes_by, paper_model
from tunescope.studies.recipes.frozen_vs_tuned.claims import frozen_vs_tuned_claims
from tunescope.studies.recipes.frozen_vs_tuned.figures import frozen_vs_tuned_figures
from tunescope.studies.recipes.frozen_vs_tuned.frame import Frame
from tunescope.studies.recipes.frozen_vs_tuned.plan import plan_frozen_vs_tuned
from tunescope.studies.recipes.frozen_vs_tuned.published import published_table
from tunescope.studies.recipes.frozen_vs_tuned.settings import FrozenVsTunedSettings
from tunescope.studies.recipes.frozen_vs_tuned.tables import frozen_vs_tuned_tables
from tunescope.studies.study import Study, StudyContent

__all__ = ["STUDY"]


def _content(file: StudyFile, rows: pd.DataFrame) -> StudyContent:
    settings = cast(FrozenVsTunedSettings, file.settings)
    frame = Frame(rows)
    beside = published_table(frame, settings, _same_models(file, settings))
    return StudyContent(
        tables=(*frozen_vs_tuned_tables(frame), *([beside] if beside.rows else [])),
        figures=frozen_vs_tuned_figures(frame),
        claims=frozen_vs_tuned_claims(frame),
        notes=tuple(_notes(settings)),
    )


def _same_models(file: StudyFile, settings: FrozenVsTunedSettings) -> set[str]:
    """Return the names of the models that have the size of the paper's BERT-base, and go by its name."""
    same = set()
    for model in settings.models:
        config = find_checkpoint(model_location(model, file.folder)).model_config
        size = paper_model(config.num_hidden_layers, config.hidden_size, config.vocab_size)
        if size == "base" and goes_by(model.path, PAPER_MODELS[size].hub_name):
            same.add(model.name)
    return same


_VECTORS = {"mean": "the mean over the tokens", "cls": "that of one token"}


def _notes(settings: FrozenVsTunedSettings) -> list[str]:
    notes = [
        f"Of whole texts and pairs of texts, frozen heads read one vector, {_VECTORS[settings.frozen_texts]}; the"
        " paper's heads read all tokens. Where fine-tuning gains on such tasks, some of the gain may be that it does"
        " so.",
        "Training subsets are the first sentences of a random order for each seed, the same for all conditions; smaller"
        " ones lie within larger ones. Development sets are not used: a mixing head holds out training sentences.",
    ]
    if settings.least_updates:
        notes.append(
            f"On small subsets, fine-tuning runs for more epochs, until it has {settings.least_updates:,} updates."
        )
    if settings.test_limit is not None:
        notes.append(
            f"Scores are on a random sample of at most {settings.test_limit:,} test sentences of each task, the same"
            " for all models."
        )
    if settings.seeds_at_largest is not None and settings.seeds_at_largest < len(settings.seeds):
        notes.append(
            f"At the largest size, of the {len(settings.seeds)} seeds only the first {settings.seeds_at_largest} ran."
        )
    if any(task.dev is not None or task.out_of_domain for task in settings.tasks):
        notes.append("Development and out-of-domain sets of the study file have no part in this study.")
    return notes


STUDY = Study(
    name="frozen-vs-tuned",
    question="Frozen features or fine-tuning: which is better, by how much, at what cost?",
    source="Peters, Ruder and Smith 2019, “To Tune or Not to Tune?”, with lecture slides on it",
    settings=FrozenVsTunedSettings,
    example=(files(__name__) / "example.yaml").read_text(encoding="utf-8"),
    plan=plan_frozen_vs_tuned,
    content=_content,
)
