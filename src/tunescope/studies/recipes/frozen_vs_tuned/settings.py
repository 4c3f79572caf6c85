"""What the file of a comparison of frozen and tuned models may say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.finetuning.frozen.settings import FrozenHeadSettings, frozen_head_settings
from tunescope.studies.files.common_settings import FinetuneEntry, StudySettings
from tunescope.studies.files.number_types import Count, Integer, Number, PositiveNumber, WholeNumber
from tunescope.studies.files.places import Place
from tunescope.studies.files.scored_task import ScoredTaskEntry
from tunescope.studies.files.text_entry import TextEntry
from tunescope.studies.files.unique import check_unique

__all__ = ["Condition", "FrozenEntry", "FrozenVsTunedSettings", "Size"]

Condition = Literal["linear", "mix", "tuned"]
Size = Annotated[Integer, Field(ge=10)] | Literal["all"]


class FrozenEntry(Record):
    """How heads on frozen features are trained; what is left out takes its default.

    Attributes:
        learning_rate: Of the mixing head's Adam.
        max_epochs: Most passes over the training set.
        batch_size: Sentences in a step where words are read in sequence, otherwise targets.
        dropout: Share of the inputs of each layer of the mixing head that is dropped in training.
        patience: Stops after so many epochs in a row that are no better on held-out training sentences.
        hidden_size: Units of the mixing head's hidden layer, of each direction where words are read in sequence.
        layer_norm: Whether each vector is normalised before layers are mixed.
        inverse_penalty: C of the linear head for classes.
        penalty: λ of the linear head for numbers.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    learning_rate: PositiveNumber | None = None
    max_epochs: Count | None = None
    batch_size: Count | None = None
    dropout: Number | None = Field(default=None, ge=0, lt=1)
    patience: Count | None = None
    hidden_size: Count | None = None
    layer_norm: bool | None = None
    inverse_penalty: PositiveNumber | None = None
    penalty: PositiveNumber | None = None

    def settings(self, seed: int) -> FrozenHeadSettings:
        """Return the settings of one head."""
        changes = {name: value for name, value in self.model_dump().items() if value is not None}
        return frozen_head_settings(**changes, seed=seed)


class FrozenVsTunedSettings(StudySettings):
    """Settings of the study frozen-vs-tuned.

    Attributes:
        tasks: Labelled data, at least one task.
        sizes: Numbers of training sentences, each at least 10, and ``all``. Those that a task does not have are left
            out for it.
        conditions: What is compared: ``linear`` is a linear head on the frozen top layer, ``mix`` a stronger head on a
            learnt mix of all frozen layers, ``tuned`` fine-tuning.
        seeds_at_largest: At a task's largest size, only the first so many seeds are run; by default all.
        finetune: How models are fine-tuned.
        least_updates: On small subsets, more epochs are run than ``finetune`` says until there are so many updates: a
            few updates leave a model under-trained, which says nothing of over-fitting (Mosbach et al. 2021). 0 leaves
            the epochs as they are.
        frozen: How heads on frozen features are trained.
        frozen_texts: What frozen heads read of whole texts: the ``mean`` of all tokens' vectors, which knows more of
            a frozen model's, or ``cls``, the one token that fine-tuning reads.
        reference: Text like that which the models were pre-trained on, to compare the tasks' texts with; by default
            none, and domains are not compared.
        reference_subwords: Most subwords of each text that are compared.
        test_limit: Most test sentences, a sample that depends on ``analysis_seed``; by default all.
    """

    tasks: tuple[ScoredTaskEntry, ...] = Field(min_length=1)
    sizes: tuple[Size, ...] = Field(default=(100, 300, 1000, 3000, "all"), min_length=1)
    conditions: tuple[Condition, ...] = Field(default=("linear", "mix", "tuned"), min_length=1)
    seeds_at_largest: Count | None = None
    finetune: FinetuneEntry = FinetuneEntry()
    least_updates: WholeNumber = 200
    frozen: FrozenEntry = FrozenEntry()
    frozen_texts: Literal["mean", "cls"] = "mean"
    reference: TextEntry | None = None
    reference_subwords: Integer = Field(default=20_000, ge=100)
    test_limit: Integer | None = Field(default=None, ge=20)

    @field_validator("sizes", "conditions")
    @classmethod
    def _check_each_once(cls, values: tuple[str | int, ...]) -> tuple[str | int, ...]:
        check_unique(values)
        return values

    @model_validator(mode="after")
    def _check_seeds_at_largest(self) -> FrozenVsTunedSettings:
        if self.seeds_at_largest is not None and self.seeds_at_largest > len(self.seeds):
            raise InputError(
                "There are not so many seeds.",
                where="seeds_at_largest",
                expected=f"at most {len(self.seeds)}",
                got=str(self.seeds_at_largest),
            )
        return self

    def more_files(self) -> Iterator[tuple[Place, str]]:
        """Yield the place and path of the text of reference."""
        if self.reference is not None:
            yield ("reference", "path"), self.reference.path

    def sizes_of(self, n_sentences: int) -> tuple[int | None, ...]:
        """Return the sizes of a task's training subsets, smallest first; ``None`` for all of its sentences."""
        smaller = sorted(size for size in self.sizes if size != "all" and size < n_sentences)
        whole = "all" in self.sizes or n_sentences in self.sizes
        return (*smaller, *([None] if whole else []))
