"""What studies have in common: models, tasks, fine-tuning, seeds, layers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.finetuning.settings import PRESETS, FinetuneSettings, preset
from tunescope.studies.files.number_types import (
    Count,
    Integer,
    NonNegativeNumber,
    Number,
    PositiveNumber,
    WholeNumber,
)
from tunescope.studies.files.places import Place
from tunescope.studies.files.unique import check_unique
from tunescope.tasks.formats import FORMATS, find_format
from tunescope.tasks.metrics import METRICS_BY_KIND
from tunescope.tasks.options import check_options
from tunescope.tasks.source import TaskSource

__all__ = ["FinetuneEntry", "ModelEntry", "StudySettings", "TaskEntry"]

_METRICS = tuple(metric for metrics in METRICS_BY_KIND.values() for metric in metrics)
_SETS = ("train", "test", "dev", "out_of_domain")
_SEEDS = 2**32
_FINITE = ConfigDict(allow_inf_nan=False)


def _or_text(schema: dict[str, Any]) -> None:
    """Say in the JSON schema of a model that its path alone will do."""
    record = dict(schema)
    schema.clear()
    description = "A model's folder, or its name on the Hugging Face hub."
    schema["anyOf"] = [{"type": "string", "minLength": 1, "description": description}, record]


class ModelEntry(Record):
    """A pre-trained model; in a study file, its path alone will do.

    Attributes:
        path: A folder, or a name on the Hugging Face hub; a relative folder starts from the study file's.
        name: Short name for people, by default the last part of the path; each model has its own.
    """

    model_config = ConfigDict(json_schema_extra=_or_text)

    path: str = Field(min_length=1)
    name: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, value: object) -> object:
        entry = {"path": os.fspath(value)} if isinstance(value, str | os.PathLike) else value
        if isinstance(entry, dict) and isinstance(entry.get("path"), str) and "name" not in entry:
            return {**entry, "name": PurePath(entry["path"]).name or entry["path"]}
        return entry

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        return _not_blank(name)


class TaskEntry(TaskSource):
    """A task of a study: where its data come from, and its name.

    Attributes:
        format: What the data are written in; ``tunescope tasks`` lists all formats.
        name: Name of the task; each task has its own.
        options: Options of the format by name, such as ``encoding``; ``tunescope tasks`` lists them.
        train: Path of the training set, perhaps with a slice of its sentences as in ``pud.conllu[:800]``; none for
            formats that generate their data. Relative paths start from the study file's folder.
    """

    format: str = Field(json_schema_extra={"enum": [*FORMATS]})
    name: str
    metric: str = Field(default="", json_schema_extra={"enum": ["", *_METRICS]})

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        return _not_blank(name)

    @field_validator("format")
    @classmethod
    def _check_format(cls, name: str) -> str:
        return find_format(name).name

    @field_validator("metric")
    @classmethod
    def _check_metric(cls, metric: str) -> str:
        return _one_of(metric, ("", *_METRICS), "metric")

    @field_validator("options")
    @classmethod
    def _check_options(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        name = info.data.get("format")
        if name is not None:
            check_options(find_format(name).function, options, owner=f"format {name!r}")
        return options

    @model_validator(mode="after")
    def _check_sets(self) -> TaskEntry:
        format = find_format(self.format)
        given = [key for key in _SETS if getattr(self, key)]
        if format.reader is None and given:
            raise InputError(
                f"The format {format.name!r} generates its data and reads no file.",
                where=given[0],
                expected=f"only its options: {', '.join(format.options)}",
                got=f"a key {given[0]!r}",
                fix="remove it, or choose a format that reads files",
            )
        for split in ("train", "test") if format.reader is not None else ():
            if split not in given:
                raise InputError(
                    f"The path of the {split} set is missing.",
                    where=split,
                    expected=f"a key {split!r} with a path",
                    got=f"none in task {self.name!r}",
                    fix="give one; a slice of one file will do, such as [:800] for train and [800:] for test",
                )
        return self


class FinetuneEntry(Record):
    """How models are fine-tuned: published settings by name, and changes to them.

    Attributes:
        preset: Name of the settings: ``usual``, or ``closer-look`` (Zhou and Srikumar 2022).
        epochs: Passes over the training set; by default the preset's, as with all that follows.
        learning_rate: Peak learning rate.
        batch_size: Sentences per update.
        weight_decay: Of AdamW; 0 makes it Adam.
        bf16: Compute in bfloat16 with float32 weights.
    """

    model_config = _FINITE

    preset: str = Field(default="usual", json_schema_extra={"enum": [*PRESETS]})
    epochs: Count | None = None
    learning_rate: PositiveNumber | None = None
    batch_size: Count | None = None
    weight_decay: NonNegativeNumber | None = None
    bf16: bool | None = None

    @field_validator("preset")
    @classmethod
    def _check_preset(cls, name: str) -> str:
        return _one_of(name, PRESETS, "settings")

    def settings(self, *, n_layers: int, seed: int) -> FinetuneSettings:
        """Return the settings of one fine-tuning.

        Args:
            n_layers: Layers of the model; ``closer-look`` trains models of base size for fewer epochs.
            seed: Of the head, the order of the data and dropout.
        """
        changes = self.model_dump(exclude={"preset"})
        return preset(self.preset, n_layers=n_layers, seed=seed, **changes)


class StudySettings(Record):
    """What every study is told; the settings of a study add their own.

    Attributes:
        study: Which study it is.
        name: Short name for people; by default the study's.
        models: Pre-trained models, at least one; each a path, or a path with a name.
        tasks: Labelled data, at least one task.
        seeds: Of the repetitions: heads, orders of the data, samples; each once, from 0.
        layers: ``all``, or a list of layers: 0 for the embeddings, then 1 to the model's last, which is always looked
            at.
        threads_per_step: Threads of the processor that one step of the study takes.
        level: Coverage of the intervals.
        n_resamples: Half-samples of the sentences behind each interval.
        analysis_seed: Of samples, folds and resampling; the seeds above are those of trainings.
    """

    model_config = _FINITE

    study: str
    name: str = ""
    models: tuple[ModelEntry, ...] = Field(min_length=1)
    tasks: tuple[TaskEntry, ...] = Field(min_length=1)
    seeds: tuple[WholeNumber, ...] = Field(default=(0,), min_length=1)
    layers: Literal["all"] | Annotated[tuple[WholeNumber, ...], Field(min_length=1)] = "all"
    threads_per_step: Count = 1
    level: Number = Field(default=0.95, gt=0.5, lt=1)
    n_resamples: Integer = Field(default=200, ge=20)
    analysis_seed: WholeNumber = 0

    @model_validator(mode="before")
    @classmethod
    def _fill_name(cls, values: object) -> object:
        if isinstance(values, dict) and "name" not in values and "study" in values:
            return {**values, "name": values["study"]}
        return values

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        return _not_blank(name)

    @field_validator("models", "tasks")
    @classmethod
    def _check_names(cls, entries: tuple[Any, ...]) -> tuple[Any, ...]:
        check_unique([entry.name for entry in entries], key="name")
        return entries

    @field_validator("seeds", "layers")
    @classmethod
    def _check_numbers(cls, numbers: Any) -> Any:
        if isinstance(numbers, tuple):
            check_unique(numbers)
            if max(numbers) >= _SEEDS:
                raise InputError(
                    "A number is too large.", expected=f"below {_SEEDS:,}", got=f"{max(numbers):,}"
                )
        return numbers

    def more_files(self) -> Iterator[tuple[Place, str]]:
        """Yield the places and paths of files that a study reads beside those of its tasks; here none."""
        yield from ()

    def chosen_layers(self, n_layers: int) -> tuple[int, ...]:
        """Return the layers that the study looks at in a model, in rising order; the last is always among them.

        Args:
            n_layers: Layers of the model; the embeddings come before them as layer 0.

        Raises:
            InputError: The model lacks one of the layers.
        """
        if self.layers == "all":
            return tuple(range(n_layers + 1))
        beyond = [layer for layer in self.layers if layer > n_layers]
        if beyond:
            raise InputError(
                "The model has no such layer.",
                where="layers",
                expected=f"0 for the embeddings, then 1 to {n_layers}",
                got=", ".join(map(str, beyond)),
                fix="leave them out, or write 'layers: all'",
            )
        return tuple(sorted({*self.layers, n_layers}))


def _not_blank(name: str) -> str:
    if not name.strip():
        raise InputError(
            "A name is empty.", expected="a name", got=repr(name), fix="write one, or leave the key out"
        )
    return name


def _one_of(name: str, known: Iterable[str], kind: str) -> str:
    if name in known:
        return name
    names = [other for other in known if other]
    similar = get_close_matches(name, names, n=1)
    raise InputError(
        f"There are no {kind} of that name." if kind.endswith("s") else f"There is no {kind} of that name.",
        expected=", ".join(names),
        got=repr(name),
        fix=f"did you mean {similar[0]!r}?" if similar else None,
    )
