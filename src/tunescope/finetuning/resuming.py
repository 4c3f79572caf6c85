"""Resuming a training as if it had not been killed, without a pickle."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim import Optimizer
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tunescope._core.files import flush_tree, write_atomically

__all__ = ["ResumeCallback", "discard_checkpoints", "last_checkpoint"]

_PREFIX = "checkpoint-"


def last_checkpoint(folder: Path) -> Path | None:
    """Return the latest complete checkpoint below ``folder``, or ``None``."""
    checkpoints = [path for path in folder.glob(f"{_PREFIX}*") if path.is_dir()]
    return max(checkpoints, key=lambda path: int(path.name.removeprefix(_PREFIX)), default=None)


def discard_checkpoints(folder: Path) -> None:
    """Remove the checkpoints, so that a process that is killed meanwhile leaves none that is half there."""
    if folder.exists():
        gone = folder.with_name(f".{folder.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


class ResumeCallback(TrainerCallback):
    """Writes now and then what a training needs to go on, and puts it back when it goes on.

    A checkpoint is taken at the beginning of a step, when the random generators are about to be used: weights,
    optimiser and generators as safetensors, the rest as JSON. Passed to ``train(resume_from_checkpoint=…)``, the
    Trainer itself reads the weights, its state and the place in the data; this callback the remainder.

    Args:
        folder: Where checkpoints go; only the latest is kept.
        seconds: Least time between two checkpoints; 0 takes one before every step.
        resume_from: The checkpoint that the training goes on from.
    """

    def __init__(self, folder: Path, *, seconds: float, resume_from: Path | None) -> None:
        self._folder = folder
        self._seconds = seconds
        self._resume_from = resume_from
        self._last = time.monotonic()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Put back the optimiser and the learning-rate schedule."""
        del args, state, control
        if self._resume_from is not None:
            _load_optimizer(kwargs["optimizer"], self._resume_from)
            kwargs["lr_scheduler"].load_state_dict(_read_json(self._resume_from / "scheduler.json"))

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Put back the random generators before the first step, or take a checkpoint if it is time."""
        del args, control
        if self._resume_from is not None:
            _load_random_states(self._resume_from)
            self._resume_from = None
        elif state.global_step > 0 and time.monotonic() - self._last >= self._seconds:
            self._save(kwargs["model"], kwargs["optimizer"], kwargs["lr_scheduler"], state)
            self._last = time.monotonic()

    def _save(self, model: nn.Module, optimizer: Optimizer, scheduler: Any, state: TrainerState) -> None:
        final = self._folder / f"{_PREFIX}{state.global_step}"
        partial = self._folder / ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
        save_file(weights, partial / "model.safetensors", metadata={"format": "pt"})
        _save_optimizer(optimizer, partial)
        _save_random_states(partial)
        write_atomically(partial / "scheduler.json", json.dumps(scheduler.state_dict()))
        state.save_to_json(str(partial / "trainer_state.json"))
        flush_tree(self._folder.parent)  # with the snapshots so far: they are not taken again
        older = list(self._folder.glob(f"{_PREFIX}*"))
        partial.replace(final)
        for path in older:
            shutil.rmtree(path)


def _save_optimizer(optimizer: Optimizer, folder: Path) -> None:
    state = optimizer.state_dict()
    tensors, plain = {}, {}
    for parameter, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{parameter}.{name}"] = value.contiguous()
            else:
                plain[f"{parameter}.{name}"] = value
    save_file(tensors, folder / "optimizer.safetensors")
    text = json.dumps({"param_groups": state["param_groups"], "plain": plain})
    write_atomically(folder / "optimizer.json", text)


def _load_optimizer(optimizer: Optimizer, folder: Path) -> None:
    stored = _read_json(folder / "optimizer.json")
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**load_file(folder / "optimizer.safetensors"), **stored["plain"]}.items():
        parameter, name = key.split(".", 1)
        state.setdefault(int(parameter), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": stored["param_groups"]})


def _save_random_states(folder: Path) -> None:
    tensors = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["cuda"] = torch.cuda.get_rng_state()
    save_file(tensors, folder / "random.safetensors")
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - libraries draw from the global generator
    version, internal, gauss = random.getstate()
    state = {"numpy": [kind, np.asarray(keys).tolist(), *rest], "python": [version, list(internal), gauss]}
    write_atomically(folder / "random.json", json.dumps(state))


def _load_random_states(folder: Path) -> None:
    tensors = load_file(folder / "random.safetensors")
    torch.set_rng_state(tensors["cpu"])
    if "cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["cuda"])
    state = _read_json(folder / "random.json")
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))  # noqa: NPY002
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf8"))
