"""A study: what it asks, how its file is written, which steps it takes, and what it makes of their figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

import pandas as pd

from tunescope._core.records import Record
from tunescope.studies import recipes
from tunescope.studies.engine.plan import Plan
from tunescope.studies.files.common_settings import StudySettings
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.study_result import Claim, StudyFigure, StudyTable

__all__ = ["Study", "StudyContent", "find_studies"]


class StudyContent(Record):
    """What a study makes of its figures.

    Attributes:
        findings: What it found, in sentences for someone who has to decide something.
        tables: Its tables.
        figures: Its figures.
        claims: Published claims with verdicts.
        notes: What a reader must know before trusting a figure.
    """

    findings: tuple[str, ...] = ()
    tables: tuple[StudyTable, ...] = ()
    figures: tuple[StudyFigure, ...] = ()
    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        name: Its name on the command line and in study files.
        question: What it asks, in a sentence.
        source: The work that it repeats.
        settings: What its file may say.
        example: A study file with comments, to start from.
        plan: Returns the steps; given the study file and the device to run models on.
        content: Returns tables, figures and claims; given the study file and all figures, one row each, with columns
            for the places that the plan's readings name, and those of :class:`~tunescope.studies.steps.rows.Row`.
            Figures of steps that failed are absent.
    """

    name: str
    question: str
    source: str
    settings: type[StudySettings]
    example: str
    plan: Callable[[StudyFile, str], Plan]
    content: Callable[[StudyFile, pd.DataFrame], StudyContent]


@cache
def find_studies() -> Mapping[str, Study]:
    """Return all studies by name: each module of :mod:`tunescope.studies.recipes` holds one as ``STUDY``."""
    modules = (
        import_module(f"{recipes.__name__}.{module.name}") for module in iter_modules(recipes.__path__)
    )
    return MappingProxyType({module.STUDY.name: module.STUDY for module in modules})
