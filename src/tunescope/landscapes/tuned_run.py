"""A fine-tuning whose landscape is looked at: its model, and the states that it went through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from tunescope._core.errors import InputError
from tunescope.finetuning.finetune import FinetunedModel
from tunescope.landscapes.states import State, read_state
from tunescope.models.checkpoint import Checkpoint
from tunescope.models.encoder import Encoder, load_encoder
from tunescope.models.heads.make_head import load_head
from tunescope.models.task_model import TaskModel

__all__ = ["TunedRun"]


@dataclass(frozen=True, eq=False)
class TunedRun:
    """A fine-tuning.

    Attributes:
        encoder: The encoder at the end of training.
        model: The same with its head, in evaluation mode; its weights are those of the end.
        states: The weights at each snapshot, by training step, rising; they stay on disk until they are looked at.
    """

    encoder: Encoder
    model: TaskModel
    states: dict[int, State]

    @classmethod
    def open(cls, tuned: FinetunedModel, *, base: Checkpoint, device: str = "auto") -> TunedRun:
        """Read a finished fine-tuning.

        Args:
            tuned: The fine-tuning.
            base: The model before it, for the tokenizer.
            device: Where to put the model.

        Raises:
            InputError: It has no snapshots.
            ModelError: A snapshot is missing or damaged, or is an adapter.
        """
        encoder = load_encoder(tuned.model, device=device, tokenizer_of=base)
        head = load_head(Path(tuned.model), encoder.hidden_size)
        model = TaskModel(encoder.model, head.info, encoder.hidden_size, dropout=0.0)
        model.head = head
        model.to(encoder.device)
        nn.Module.eval(model)
        states = {step: read_state(folder) for step, folder in tuned.snapshots.items()}
        if len(states) < 2:
            raise InputError(
                "The training has too few snapshots.",
                where=tuned.folder,
                expected="at least two: its start and its end",
                got=len(states),
                fix="train again with snapshots, such as --snapshots 8",
            )
        return cls(encoder, model, states)

    @property
    def start(self) -> State:
        """The weights before training, with the head that it began with."""
        return self.states[min(self.states)]

    @property
    def end(self) -> State:
        """The weights at the last snapshot."""
        return self.states[max(self.states)]
