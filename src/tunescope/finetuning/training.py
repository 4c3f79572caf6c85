"""The Trainer, set up for a task: model, data, arguments."""

from __future__ import annotations

import math
import shutil
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
from tunescope._core.progress import say
from tunescope.finetuning.batches import Collator, LengthGroupedBatches, SequenceNumbers
from tunescope.finetuning.frozen_prefix import FrozenPrefix, write_prefixes
from tunescope.finetuning.settings import FinetuneSettings
from tunescope.models.alignment import default_pooling
from tunescope.models.encoder import Encoder
from tunescope.models.frozen_part import FrozenPart
from tunescope.models.heads.head_info import HeadInfo
from tunescope.models.layer_stack import truncate
from tunescope.models.rows import Rows, rows_of
from tunescope.models.task_model import TaskModel
from tunescope.tasks.arc_label import parse_arc
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.task import Task

__all__ = ["head_info", "make_task_model", "train"]


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
    if settings.from_scratch:
        transformer.load_state_dict(type(transformer)(transformer.config).state_dict())
        set_seed(settings.seed)  # for the head that a pre-trained model gets
    if settings.top_layer is not None:
        truncate(transformer, settings.top_layer)
    if settings.lora_rank is None:
        transformer.requires_grad_(True)
    else:
        transformer = _add_adapter(transformer, settings.lora_rank)
    info = head_info(task, encoder.tokenizer)
    model = TaskModel(transformer, info, encoder.hidden_size, settings.dropout)
    model.to(encoder.device)
    if settings.frozen_layers >= 0:
        model.frozen = FrozenPart(transformer, settings.frozen_layers)
    return model


def _add_adapter(transformer: Any, rank: int) -> Any:
    peft = import_optional("peft", extra="peft", purpose="train a LoRA adapter")
    options = {"r": rank, "lora_alpha": 2 * rank, "lora_dropout": 0.05, "task_type": "FEATURE_EXTRACTION"}
    known = peft.utils.TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
    if transformer.config.model_type not in known:  # peft has no usual choice of matrices for it
        options["target_modules"] = "all-linear"
    return peft.get_peft_model(transformer, peft.LoraConfig(**options))


def head_info(task: Task, tokenizer: PreTrainedTokenizerBase) -> HeadInfo:
    """Return what a head for the task reads and predicts.

    Raises:
        InputError: All training labels are the same number.
    """
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
        labels=_relations(task) if task.label is LabelKind.TREE else task.labels,
        offset=offset,
        scale=scale,
    )


def _relations(task: Task) -> tuple[str, ...]:
    labels = {str(target.label) for example in task.splits["train"] for target in example.targets}
    return tuple(sorted({parse_arc(label)[1] for label in labels}))


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
    *,
    prefix: Path | None = None,
) -> pd.DataFrame:
    """Train the model in place and return one row per update.

    Args:
        model: From :func:`make_task_model`.
        encoder: What it was made from.
        task: What to train on.
        settings: How.
        callbacks: For the Trainer.
        resume_from: A checkpoint of an earlier attempt.
        prefix: What the frozen layers give for the training sentences, where that is there already.

    Raises:
        InputError: A training sentence is longer than the model takes.
    """
    rows = rows_of(encoder, model.info, task.splits["train"])
    n_sequences = len(rows.tokenized.lengths)
    batches = LengthGroupedBatches(rows.tokenized.lengths, settings.batch_size, settings.seed)
    with tempfile.TemporaryDirectory(prefix="tunescope-") as scratch:
        trainer = _LengthGroupedTrainer(
            model=model,
            args=_training_arguments(settings, len(batches) * settings.epochs, Path(scratch), encoder.device),
            train_dataset=SequenceNumbers(n_sequences),
            data_collator=Collator(
                rows,
                model.head.encode(rows.labels),
                encoder.tokenizer.pad_token_id,
                _prefix(encoder, rows, settings, prefix, Path(scratch)),
            ),
            callbacks=[_EpochCallback(batches), *callbacks],
            batches=batches,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=None if resume_from is None else str(resume_from))
    updates = [row for row in trainer.state.log_history if "loss" in row]
    columns = ["step", "epoch", "loss", "learning_rate", "grad_norm"]
    return pd.DataFrame(updates)[columns]


def _prefix(
    encoder: Encoder, rows: Rows, settings: FinetuneSettings, there: Path | None, scratch: Path
) -> FrozenPrefix | None:
    """Return what the frozen layers give, computed now where it is not there; None where it is not to be reused."""
    layer = settings.frozen_layers
    if layer < 1 or not settings.reuse_frozen:
        return None
    if there is None:
        needed = 4 * int(rows.tokenized.offsets[-1]) * encoder.hidden_size
        if needed > shutil.disk_usage(scratch).free / 2:
            say(f"the frozen layers are run in every epoch: their vectors would take {needed / 1e9:.1f} GB")
            return None
        torch.nn.Module.eval(encoder.model)
        there = write_prefixes(encoder, rows.tokenized, [layer], scratch, bf16=settings.bf16)[layer]
    return FrozenPrefix(there, rows.tokenized)


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
