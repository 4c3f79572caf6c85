"""What the file of a study of what happens to a model's layers may say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.studies.files.common_settings import FinetuneEntry, StudySettings, TaskEntry
from tunescope.studies.files.number_types import Count, Integer
from tunescope.studies.files.places import Place
from tunescope.studies.files.scored_task import ScoredTaskEntry
from tunescope.studies.files.text_entry import NamedTextEntry
from tunescope.studies.files.unique import check_unique
from tunescope.studies.steps.domains import SimilarityName

__all__ = ["TreesEntry", "WhatHappensSettings"]

Frozen = Annotated[Integer, Field(ge=-1)]


class TreesEntry(Record):
    """Parsed sentences for structural probes.

    Attributes:
        train: A CoNLL-U file to train probes on, perhaps with a slice of its sentences; a relative path starts from
            the study file's folder.
        test: One to test them.
    """

    train: str = Field(min_length=1)
    test: str = Field(min_length=1)


class WhatHappensSettings(StudySettings):
    """Settings of the study what-happens.

    Attributes:
        tasks: Labelled data, at least one task.
        train_limit: Most training sentences of each task, a random sample; by default all.
        test_limit: Most test sentences that are scored, a sample that depends on ``analysis_seed``; by default all.
        finetune: How models are fine-tuned.
        freeze: How many of the lowest layers are frozen, in turn: −1 for nothing, 0 for the embeddings, up to the
            model's last; ``all`` for each of these. Nothing and everything are always among them.
        truncate: Which layers the head is put on, in turn, with those above left out; ``all`` for each.
        rollback: Whether layers of the fine-tuned model are given their pre-trained weights back.
        similarities: By which measures vectors before and after are compared.
        domains: Texts of other domains than the tasks' own, beside the out-of-domain sets of the tasks.
        domain_sentences: Most sentences of each text.
        max_targets: Most words of each text that are compared.
        trees: Parsed sentences for structural probes before and after; by default none, and no such probes.
        knowledge: Tasks on words or pairs of words, with classes, that models are not tuned on: what probes read of
            them before and after, and how short their labels become. By default none.
        knowledge_targets: Most targets of each that probes are trained on, and most that they are tested on.
    """

    tasks: tuple[ScoredTaskEntry, ...] = Field(min_length=1)
    train_limit: Integer | None = Field(default=None, ge=20)
    test_limit: Integer | None = Field(default=None, ge=20)
    finetune: FinetuneEntry = FinetuneEntry()
    freeze: Literal["all"] | tuple[Frozen, ...] = "all"
    truncate: Literal["all"] | tuple[Count, ...] = "all"
    rollback: bool = True
    similarities: tuple[SimilarityName, ...] = Field(default=("rsa", "cka"), min_length=1)
    domains: tuple[NamedTextEntry, ...] = ()
    domain_sentences: Integer = Field(default=500, ge=20)
    max_targets: Integer = Field(default=2000, ge=100)
    trees: TreesEntry | None = None
    knowledge: tuple[TaskEntry, ...] = ()
    knowledge_targets: Integer = Field(default=2000, ge=100)

    @field_validator("freeze", "truncate", "similarities")
    @classmethod
    def _check_each_once(cls, values: object) -> object:
        if isinstance(values, tuple):
            check_unique(values)
        return values

    @field_validator("domains", "knowledge")
    @classmethod
    def _check_other_names(cls, entries: tuple[Any, ...]) -> tuple[Any, ...]:
        check_unique([entry.name for entry in entries], key="name")
        return entries

    def more_files(self) -> Iterator[tuple[Place, str]]:
        """Yield the places and paths of the texts, of the trees and of what is known."""
        for number, domain in enumerate(self.domains):
            yield ("domains", number, "path"), domain.path
        if self.trees is not None:
            yield ("trees", "train"), self.trees.train
            yield ("trees", "test"), self.trees.test
        for number, entry in enumerate(self.knowledge):
            for key in ("train", "test"):
                if path := getattr(entry, key):
                    yield ("knowledge", number, key), path

    def frozen_layers(self, n_layers: int) -> tuple[int, ...]:
        """Return how many layers are frozen, in turn, from −1 for nothing to all of them.

        Raises:
            InputError: The model has fewer layers.
        """
        if self.freeze == "all":
            return tuple(range(-1, n_layers + 1))
        _check_layers(self.freeze, n_layers, "freeze")
        return tuple(sorted({-1, *self.freeze, n_layers}))

    def top_layers(self, n_layers: int) -> tuple[int, ...]:
        """Return which layers the head is put on, in turn; the model's last is always among them.

        Raises:
            InputError: The model has fewer layers.
        """
        if self.truncate == "all":
            return tuple(range(1, n_layers + 1))
        _check_layers(self.truncate, n_layers, "truncate")
        return tuple(sorted({*self.truncate, n_layers}))


def _check_layers(layers: tuple[int, ...], n_layers: int, key: str) -> None:
    beyond = [layer for layer in layers if layer > n_layers]
    if beyond:
        raise InputError(
            "The model has no such layer.",
            where=key,
            expected=f"at most {n_layers}",
            got=", ".join(map(str, beyond)),
            fix=f"leave them out, or write '{key}: all'",
        )
