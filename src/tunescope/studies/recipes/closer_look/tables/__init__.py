"""The tables of a closer look, with the published numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping

from tunescope.studies.recipes.closer_look.compared_model import ComparedModel
from tunescope.studies.recipes.closer_look.frame import Frame
from tunescope.studies.recipes.closer_look.tables.cluster_counts import cluster_counts_table
from tunescope.studies.recipes.closer_look.tables.cross_task import cross_task_table, own_task_table
from tunescope.studies.recipes.closer_look.tables.gains import gains_table
from tunescope.studies.recipes.closer_look.tables.layers import layers_table
from tunescope.studies.recipes.closer_look.tables.representations import representations_table
from tunescope.studies.recipes.closer_look.tables.sizes import sizes_table
from tunescope.studies.study_result import StudyTable

__all__ = ["closer_look_tables"]


def closer_look_tables(frame: Frame, models: Mapping[str, ComparedModel]) -> tuple[StudyTable, ...]:
    """Return the tables; those without rows are left out.

    Args:
        frame: All figures.
        models: The study's models by name.
    """
    tables = (
        representations_table(frame, models),
        cluster_counts_table(frame, models),
        gains_table(frame),
        own_task_table(frame),
        cross_task_table(frame, models),
        layers_table(frame, models),
        sizes_table(frame, models),
    )
    return tuple(table for table in tables if table.rows)
