"""A model of a study file, and what steps are given of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tunescope.models.checkpoint import find_checkpoint
from tunescope.models.devices import choose_device
from tunescope.studies.engine.plan import Content, Plan
from tunescope.studies.files.common_settings import ModelEntry
from tunescope.studies.files.paths import model_location
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.files.told_with_line import told_with_line
from tunescope.studies.steps.inputs import model_input

__all__ = ["PlannedModel"]

_BYTES_PER_NUMBER = 4


@dataclass(frozen=True)
class PlannedModel:
    """A pre-trained model, found once, and the plan that its steps are added to.

    Attributes:
        entry: What the study file says of it.
        file: The study file.
        plan: Where steps are added.
        device: Where models are to run.
    """

    entry: ModelEntry
    file: StudyFile
    plan: Plan
    device: str

    @property
    def name(self) -> str:
        """Its name in the study file."""
        return self.entry.name

    @cached_property
    def content(self) -> Content:
        """What steps are given of it.

        Raises:
            ModelError: It cannot be found.
        """
        with self._told_with_line():
            return model_input(self.location)

    @cached_property
    def n_layers(self) -> int:
        """Its transformer layers."""
        return int(self._config.num_hidden_layers)

    @cached_property
    def layers(self) -> tuple[int, ...]:
        """The layers that the study looks at, in rising order."""
        with told_with_line(self.file, ("layers",)):
            return self.file.settings.chosen_layers(self.n_layers)

    @cached_property
    def device_argument(self) -> Content:
        """What steps are told of the device. Its kind counts in keys: sums come out otherwise on a GPU."""
        device = str(choose_device("auto")) if self.device == "auto" else self.device
        kind = device.partition(":")[0]  # whether a worker has it shows there: this machine may have no GPU
        return Content(device, "" if kind == "cpu" else kind)

    def gigabytes_of_vectors(self, n_targets: float) -> float:
        """Return what the vectors of all layers take on disk."""
        n_states = self.n_layers + 1
        return n_targets * n_states * int(self._config.hidden_size) * _BYTES_PER_NUMBER / 1e9

    @cached_property
    def gigabytes_of_weights(self) -> float:
        """What one copy of its weights takes on disk."""
        folder = find_checkpoint(self.location).folder
        return sum(path.stat().st_size for path in folder.glob("*.safetensors")) / 1e9

    @cached_property
    def work_per_word(self) -> float:
        """The operations that a word takes in its layers, as a multiple of those of 6 layers of 384 dimensions."""
        return self.n_layers * int(self._config.hidden_size) ** 2 / (6 * 384**2)

    @property
    def resampling(self) -> dict[str, Any]:
        """What steps are told of intervals."""
        settings = self.file.settings
        return {"seed": settings.analysis_seed, "n_resamples": settings.n_resamples, "level": settings.level}

    @cached_property
    def location(self) -> str:
        """Where it is: a folder, or a name on the hub."""
        return model_location(self.entry, self.file.folder)

    @cached_property
    def _config(self) -> Any:
        with self._told_with_line():
            return find_checkpoint(self.location).model_config

    def _told_with_line(self) -> AbstractContextManager[None]:
        return told_with_line(self.file, ("models", self.file.settings.models.index(self.entry)))
