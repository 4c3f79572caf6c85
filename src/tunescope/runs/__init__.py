"""The run folder: what was asked for, steps with content-hashed keys, atomic commits, resuming."""

from tunescope.runs.record import RunRecord
from tunescope.runs.run import Run
from tunescope.runs.step import Step, StepRecord
from tunescope.runs.store import StepStore

__all__ = ["Run", "RunRecord", "Step", "StepRecord", "StepStore"]
