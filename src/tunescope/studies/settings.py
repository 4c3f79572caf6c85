"""Settings of a comparison."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.models.alignment import LongSentences
from tunescope.representations.store import Storage

__all__ = ["CompareSettings", "make_settings"]


class CompareSettings(Record):
    """What a comparison measures and how thoroughly.

    Attributes:
        max_targets: Most targets that a measure over pairs of targets (RSA, CKA, Procrustes, neighbourhoods) is
            computed on; whole sentences are sampled.
        path_targets: Most test targets that the snapshots are measured on.
        probe_targets: Most training targets of a linear probe.
        cluster_targets: Most targets of a split whose clusters and label distances are computed; whole sentences are
            sampled. More targets take longer and make separability harder to come by.
        probes: ``"quick"`` trains perceptrons of one configuration; ``"thorough"`` chooses among 128 by
            cross-validation at every layer, by halving below the top one; ``"none"`` trains neither these nor
            edge and structural probes.
        probing_targets: Most training targets of perceptrons, codelengths and edge probes, and most test targets of
            edge probes; whole sentences are sampled.
        max_snapshots: Most snapshots that are measured: the first, the last, and evenly spaced ones between.
        n_resamples: Half-samples of the sentences behind each interval.
        level: Coverage of the intervals.
        seed: Of the sampling, the resampling and the random-split control.
        n_examples_shown: Most examples in each class (fixed, broken, other) of the table of changed predictions.
        long_sentences: ``"error"``, or ``"window"`` to read sentences beyond the model's length in windows.
        storage: Number format of the vectors on disk.
    """

    max_targets: int = Field(default=2000, ge=20)
    path_targets: int = Field(default=1000, ge=20)
    probe_targets: int = Field(default=20_000, ge=20)
    cluster_targets: int = Field(default=2500, ge=20)
    probes: Literal["none", "quick", "thorough"] = "quick"
    probing_targets: int = Field(default=3000, ge=20)
    max_snapshots: int = Field(default=8, ge=2)
    n_resamples: int = Field(default=200, ge=20)
    level: float = Field(default=0.95, gt=0.5, lt=1)
    seed: int = Field(default=0, ge=0)
    n_examples_shown: int = Field(default=40, ge=0)
    long_sentences: LongSentences = "error"
    storage: Storage = "float32"


def make_settings(**values: object) -> CompareSettings:
    """Return checked settings.

    Raises:
        InputError: A setting is out of range.
    """
    try:
        return CompareSettings.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        raise InputError(
            "A setting of the comparison is out of range.",
            where=".".join(map(str, problem["loc"])),
            expected=problem["msg"],
            got=problem["input"],
        ) from error
