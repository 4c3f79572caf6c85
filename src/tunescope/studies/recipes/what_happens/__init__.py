"""The study what-happens: Merchant et al. 2020, "What Happens To BERT Embeddings During Fine-tuning?"."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import cast

import pandas as pd

from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.recipes.what_happens.claims import what_happens_claims
from tunescope.studies.recipes.what_happens.figures import what_happens_figures
from tunescope.studies.recipes.what_happens.findings import what_happens_findings
from tunescope.studies.recipes.what_happens.frame import Frame
from tunescope.studies.recipes.what_happens.plan import plan_what_happens
from tunescope.studies.recipes.what_happens.settings import WhatHappensSettings
from tunescope.studies.recipes.what_happens.tables import what_happens_tables
from tunescope.studies.study import Study, StudyContent

__all__ = ["STUDY"]


def _content(file: StudyFile, rows: pd.DataFrame) -> StudyContent:
    settings = cast(WhatHappensSettings, file.settings)
    frame = Frame(rows)
    return StudyContent(
        findings=what_happens_findings(frame),
        tables=what_happens_tables(frame),
        figures=what_happens_figures(frame),
        claims=what_happens_claims(frame),
        notes=(*_notes(settings), *_notes_on_masks(frame, settings)),
    )


def _notes(settings: WhatHappensSettings) -> Iterator[str]:
    yield (
        "Frozen layers are run in evaluation mode: nothing is dropped out in them. Where everything but the head is"
        " frozen, the head is the same as that of the fine-tuned model."
    )
    yield (
        "Words of a task's own text are split at spaces where it is running text; of pairs of texts, each text is read"
        " by itself."
    )
    if len(settings.seeds) > 1:
        yield "The model before fine-tuning has no seed; its figures are the same for all seeds."
    if settings.train_limit is not None:
        yield f"Of each task, at most {settings.train_limit:,} training sentences were used, a random sample."
    if settings.test_limit is not None:
        yield f"Scores are on a random sample of at most {settings.test_limit:,} test sentences of each task."


def _notes_on_masks(frame: Frame, settings: WhatHappensSettings) -> Iterator[str]:
    """Say which models have no head that guesses masked words, where there are texts to mask words in."""
    without = [place.model for place in frame.places() if not frame.texts_with_masks(place)]
    if settings.domains and without:
        names = ", ".join(dict.fromkeys(without))
        yield f"No loss on masked words: {names} came without the head that guesses them."


STUDY = Study(
    name="what-happens",
    question="Which layers does fine-tuning change, do they have to change, and is the change confined to the domain?",
    source="Merchant et al. 2020, “What Happens To BERT Embeddings During Fine-tuning?”",
    settings=WhatHappensSettings,
    example=(files(__name__) / "example.yaml").read_text(encoding="utf-8"),
    plan=plan_what_happens,
    content=_content,
)
