"""A progress bar for the Trainer."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tunescope._core.progress import Advance, track

__all__ = ["ProgressCallback"]


class ProgressCallback(TrainerCallback):
    """Shows updates done, updates to do and the time left, where progress is shown."""

    def __init__(self, description: str) -> None:
        self._description = description
        self._stack = ExitStack()
        self._advance: Advance | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Open the bar, at the place where the training goes on."""
        del args, control
        self._advance = self._stack.enter_context(track(self._description, total=state.max_steps))
        self._advance(state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Advance the bar."""
        del args, state, control
        if self._advance is not None:
            self._advance()

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Close the bar."""
        del args, state, control
        self._stack.close()
