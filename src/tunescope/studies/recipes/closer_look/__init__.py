"""The study closer-look: Zhou and Srikumar 2022, "A Closer Look at How Fine-tuning Changes BERT"."""

from __future__ import annotations

from importlib.resources import files
from typing import cast

import pandas as pd

from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.recipes.closer_look.claims import closer_look_claims
from tunescope.studies.recipes.closer_look.compared_model import compared_model
from tunescope.studies.recipes.closer_look.figures import closer_look_figures
from tunescope.studies.recipes.closer_look.frame import Frame, Place
from tunescope.studies.recipes.closer_look.plan import plan_closer_look
from tunescope.studies.recipes.closer_look.settings import CloserLookSettings
from tunescope.studies.recipes.closer_look.tables import closer_look_tables
from tunescope.studies.study import Study, StudyContent

__all__ = ["STUDY"]


def _content(file: StudyFile, rows: pd.DataFrame) -> StudyContent:
    settings = cast(CloserLookSettings, file.settings)
    frame = Frame(rows)
    models = {entry.name: compared_model(entry, file) for entry in settings.models}
    return StudyContent(
        tables=closer_look_tables(frame, models),
        figures=closer_look_figures(frame),
        claims=closer_look_claims(frame, _places(settings), models),
        notes=tuple(
            f"{model.name} is set beside the paper's {model.nearest}, the nearest in size; it is another model."
            for model in models.values()
            if not model.is_same
        ),
    )


def _places(settings: CloserLookSettings) -> list[Place]:
    """Return all cases that the study file asks for, also those whose steps failed."""
    return [
        Place(model.name, task.name, seed)
        for model in settings.models
        for seed in settings.seeds
        for task in settings.tasks
    ]


STUDY = Study(
    name="closer-look",
    question="How does fine-tuning change the geometry of the label regions, and does it always help?",
    source="Zhou and Srikumar 2022, “A Closer Look at How Fine-tuning Changes BERT”",
    settings=CloserLookSettings,
    example=(files(__name__) / "example.yaml").read_text(encoding="utf-8"),
    plan=plan_closer_look,
    content=_content,
)
