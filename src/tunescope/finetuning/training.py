"""The Trainer, set up for a task: model, data, arguments."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader
from transformers import (
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from tunescope._core.errors import InputError, ModelError
from tunescope._core.optional import import_optional
from tunescope.finetuning.batches import Collator, LengthGroupedBatches, SequenceNumbers
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.models.alignment import default_pooling, tokenize
from tunescope.models.encoder import Encoder
from tunescope.models.task_head import HeadInfo
from tunescope.models.task_model import TaskModel
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.task import Task

__all__ = ["make_task_model", "train"]


def make_task_model(encoder: Encoder, task: Task, settings: FinetuneSettings) -> TaskModel:
    """Put a head with seeded weights on the encoder, and an adapter into it where asked for.

    Raises:
        InputError: All training labels are the same number.
        ModelError: The model is an encoder-decoder.
        MissingExtraError: An adapter is asked for, and peft is not installed.
    """
    if encoder.checkpoint.model_config.is_encoder_decoder:
        raise ModelError(
            "Encoder-decoders cannot be fine-tuned here: half of one would be saved.",
            where=encoder.checkpoint.name,
            expected="an encoder or a decoder",
        )
    set_seed(settings.seed)
    transformer = encoder.model
    if settings.lora_rank is None:
        transformer.requires_grad_(True)
    else:
        transformer = _add_adapter(transformer, settings.lora_rank)
    info = _head_info(task, encoder.tokenizer)
    model = TaskModel(transformer, info, encoder.hidden_size, settings.dropout)
    return model.to(encoder.device)


def _add_adapter(transformer: Any, rank: int) -> Any:
    peft = import_optional("peft", extra="peft", purpose="train a LoRA adapter")
    options = {"r": rank, "lora_alpha": 2 * rank, "lora_dropout": 0.05, "task_type": "FEATURE_EXTRACTION"}
    known = peft.utils.TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
    if transformer.config.model_type not in known:  # peft has no usual choice of matrices for it
        options["target_modules"] = "all-linear"
    return peft.get_peft_model(transformer, peft.LoraConfig(**options))


def _head_info(task: Task, tokenizer: PreTrainedTokenizerBase) -> HeadInfo:
    offset, scale = 0.0, 1.0
    if task.label is LabelKind.NUMBER:
        numbers = np.array([target.label for example in task.splits["train"] for target in example.targets])
        offset, scale = float(numbers.mean()), float(numbers.std())
        if scale == 0:
            raise InputError(
                "All training labels are the same number.",
                where=task.name,
                expected="numbers that differ",
                got=offset,
            )
    return HeadInfo(
        task=task.name,
        target=TargetKind(task.target),
        label=task.label,
        pooling=default_pooling(task.target, tokenizer),
        labels=task.labels,
        offset=offset,
        scale=scale,
    )


def _label_tensor(task: Task, info: HeadInfo) -> torch.Tensor:
    labels = [target.label for example in task.splits["train"] for target in example.targets]
    if info.label is LabelKind.NUMBER:
        return torch.tensor(
            (np.array(labels, dtype=np.float64) - info.offset) / info.scale, dtype=torch.float32
        )
    index = {label: i for i, label in enumerate(info.labels)}
    return torch.tensor([index[str(label)] for label in labels])


class _LengthGroupedTrainer(Trainer):
    """The Trainer with batches of similar length; nothing else differs."""

    def __init__(self, *, batches: LengthGroupedBatches, **options: Any) -> None:
        super().__init__(**options)
        self._batches = batches

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return the loader of the training batches."""
        loader = DataLoader(
            self.train_dataset,  # type: ignore[arg-type]
            batch_sampler=self._batches,
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared


class _EpochCallback(TrainerCallback):
    """Tells the batches which epoch it is, also after resuming in the middle of one."""

    def __init__(self, batches: LengthGroupedBatches) -> None:
        self._batches = batches

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Choose the epoch's order."""
        del args, control
        self._batches.set_epoch(int((state.epoch or 0) + 1e-6))


def train(
    model: TaskModel,
    encoder: Encoder,
    task: Task,
    settings: FinetuneSettings,
    callbacks: Sequence[TrainerCallback],
    resume_from: Path | None,
) -> pd.DataFrame:
    """Train the model in place and return one row per update.

    Raises:
        InputError: A training sentence is longer than the model takes.
    """
    tokenized = tokenize(
        encoder.tokenizer_for(task.target),
        task.splits["train"],
        task.target,
        max_length=encoder.max_length,
        pooling=model.info.pooling,
    )
    batches = LengthGroupedBatches(tokenized.lengths, settings.batch_size, settings.seed)
    with tempfile.TemporaryDirectory(prefix="tunescope-") as scratch:
        trainer = _LengthGroupedTrainer(
            model=model,
            args=_training_arguments(settings, len(batches) * settings.epochs, Path(scratch), encoder.device),
            train_dataset=SequenceNumbers(len(tokenized.lengths)),
            data_collator=Collator(
                tokenized, _label_tensor(task, model.info), encoder.tokenizer.pad_token_id
            ),
            callbacks=[_EpochCallback(batches), *callbacks],
            batches=batches,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=None if resume_from is None else str(resume_from))
    rows = [row for row in trainer.state.log_history if "loss" in row]
    columns = ["step", "epoch", "loss", "learning_rate", "grad_norm"]
    return pd.DataFrame(rows)[columns]


def _training_arguments(
    settings: FinetuneSettings, n_steps: int, scratch: Path, device: torch.device
) -> TrainingArguments:
    arguments = TrainingArguments(
        output_dir=str(scratch),
        learning_rate=settings.learning_rate,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        warmup_steps=math.ceil(settings.warmup * n_steps),
        lr_scheduler_type="linear",
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        seed=settings.seed,
        bf16=settings.bf16,
        use_cpu=device.type == "cpu",
        dataloader_pin_memory=device.type == "cuda",
        remove_unused_columns=False,
        save_strategy="no",
        logging_steps=1,
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to="none",
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments
