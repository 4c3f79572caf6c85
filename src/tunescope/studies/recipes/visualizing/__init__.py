"""The study visualizing: Hao et al. 2019, "Visualizing and Understanding the Effectiveness of BERT"."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import cast

import pandas as pd

from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.recipes.visualizing.claims import visualizing_claims
from tunescope.studies.recipes.visualizing.figures import visualizing_figures
from tunescope.studies.recipes.visualizing.findings import visualizing_findings
from tunescope.studies.recipes.visualizing.frame import Frame
from tunescope.studies.recipes.visualizing.plan import plan_visualizing
from tunescope.studies.recipes.visualizing.settings import VisualizingSettings
from tunescope.studies.recipes.visualizing.tables import visualizing_tables
from tunescope.studies.study import Study, StudyContent

__all__ = ["STUDY"]


def _content(file: StudyFile, rows: pd.DataFrame) -> StudyContent:
    settings = cast(VisualizingSettings, file.settings)
    frame = Frame(rows)
    return StudyContent(
        findings=visualizing_findings(frame),
        tables=visualizing_tables(frame),
        figures=visualizing_figures(frame),
        claims=visualizing_claims(frame),
        notes=tuple(_notes(settings)),
    )


def _notes(settings: VisualizingSettings) -> Iterator[str]:
    yield (
        f"Losses are those of at most {settings.n_examples} training and as many test examples, random samples; nothing"
        " is dropped out."
    )
    yield (
        "On the line from start to end, in the plane of the path and between seeds the head moves with the encoder,"
        " from where it began. In the plane with another task the head is that of the end of training, for heads of two"
        " tasks cannot be mixed; where layers are moved alone it stays, too."
    )
    yield (
        "Random directions have filters as long as those of the weights; biases and normalisations stay (Li et al."
        " 2018)."
    )
    yield (
        f"Widths reach as far as the training loss rises by less than {settings.rise:g} nats above that at the end of"
        " training."
    )
    yield (
        "Where no example changed between two states, the rise of the error is 0, and its interval tells what so few"
        " examples can rule out."
    )
    if settings.bf16:
        yield "Losses on lines and planes were computed in bfloat16: they differ by a few parts in a thousand."


STUDY = Study(
    name="visualizing",
    question="What does pre-training do to the loss around the way and the end of training?",
    source="Hao et al. 2019, “Visualizing and Understanding the Effectiveness of BERT”",
    settings=VisualizingSettings,
    example=(files(__name__) / "example.yaml").read_text(encoding="utf-8"),
    plan=plan_visualizing,
    content=_content,
)
