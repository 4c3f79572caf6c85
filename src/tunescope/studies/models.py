"""The models of a comparison, loaded when they are first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunescope.models.alignment import LongSentences
from tunescope.models.checkpoint import Checkpoint, state_hash
from tunescope.models.encoder import load_encoder
from tunescope.models.tuned import TunedModel, load_tuned
from tunescope.studies.comparison import ModelInfo
from tunescope.tasks.task import Task

__all__ = ["ComparedModels"]


@dataclass(frozen=True)
class ComparedModels:
    """Checkpoints by role, and the models that were loaded from them.

    Attributes:
        checkpoints: ``"base"``, ``"tuned"``, perhaps ``"control"``, and one per snapshot.
        task: The task that heads are scored on.
        control_task: The task that the control was tuned on.
        device: Where to run the models.
        long_sentences: What heads do with sentences beyond the model's length.
    """

    checkpoints: Mapping[str, Checkpoint]
    task: Task
    control_task: Task
    device: str
    long_sentences: LongSentences
    _loaded: dict[str, TunedModel] = field(default_factory=dict)

    def __contains__(self, role: object) -> bool:
        """Return whether there is such a model."""
        return role in self.checkpoints

    @staticmethod
    def snapshot_role(step: int) -> str:
        """Return the role of the snapshot of a training step."""
        return f"step-{step:06d}"

    def hash_of(self, role: str) -> str:
        """Return the hash of all that a model's vectors and predictions depend on."""
        return state_hash(self.checkpoints[role], self.checkpoints["base"])

    def load(self, role: str) -> TunedModel:
        """Return a model; base and tuned stay in memory, of the others only the last one used."""
        if role not in self._loaded:
            for other in self._loaded.keys() - {"base", "tuned"}:
                del self._loaded[other]
            self._loaded[role] = self._load(role)
        return self._loaded[role]

    def info(self, role: str) -> ModelInfo:
        """Return what a reader must know of a model."""
        model = self.load(role)
        return ModelInfo(
            name=self.checkpoints[role].display_name,
            source=self.checkpoints[role].name,
            architecture=type(model.encoder.model).__name__,
            n_layers=model.encoder.n_layers,
            hidden_size=model.encoder.hidden_size,
            n_parameters=model.encoder.n_parameters,
            weights_sha256=self.checkpoints[role].weights_sha256,
            head=model.head,
            adapter=model.adapter,
        )

    def _load(self, role: str) -> TunedModel:
        base = self.checkpoints["base"]
        if role == "base":
            return TunedModel(load_encoder(base, device=self.device))
        return load_tuned(
            self.checkpoints[role],
            self.control_task if role == "control" else self.task,
            base=base,
            device=self.device,
            long_sentences=self.long_sentences,
        )
