"""Batches of similar length: all sentences once an epoch, in an order that the seed and the epoch decide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.finetuning.batches import LengthGroupedBatches
from tunescope.finetuning.settings import PRESETS, preset


@given(st.lists(st.integers(1, 300), min_size=1, max_size=200), st.integers(1, 40), st.integers(0, 5))
def test_every_sentence_once_an_epoch(lengths: list[int], batch_size: int, epoch: int) -> None:
    batches = LengthGroupedBatches(np.array(lengths), batch_size, seed=0)
    batches.set_epoch(epoch)
    found = list(batches)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert len(found) == len(batches)
    assert all(len(batch) <= batch_size for batch in found)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    lengths = np.random.default_rng(0).integers(5, 60, 200)

    def order(seed: int, epoch: int) -> list[list[int]]:
        batches = LengthGroupedBatches(lengths, 32, seed)
        batches.set_epoch(epoch)
        list(batches)  # what was drawn before does not matter
        return list(batches)

    assert order(0, 3) == order(0, 3)
    assert order(0, 3) != order(0, 4)
    assert order(0, 3) != order(1, 3)
    assert {frozenset(batch) for batch in order(0, 3)} != {frozenset(batch) for batch in order(0, 4)}


def test_little_padding_even_on_few_batches() -> None:
    lengths = np.random.default_rng(0).integers(5, 60, 200)
    batches = LengthGroupedBatches(lengths, 32, seed=0)
    padded = sum(len(batch) * lengths[batch].max() for batch in batches)
    assert padded < 1.3 * lengths.sum()


def test_published_settings() -> None:
    settings = preset("closer-look", n_layers=2)
    assert (settings.learning_rate, settings.epochs, settings.weight_decay) == (3e-4, 10, 0)
    assert (settings.batch_size, settings.warmup) == (32, 0.1)
    assert preset("closer-look", n_layers=12).epochs == 3
    assert preset("closer-look", n_layers=12, epochs=5).epochs == 5
    assert preset("usual", n_layers=12, epochs=None).epochs == 3
    assert {*PRESETS} == {"usual", "closer-look"}


@pytest.mark.parametrize(
    "changes", [{"epochs": 0}, {"learning_rate": -1.0}, {"dropout": 1.0}, {"warmup": 2.0}]
)
def test_settings_out_of_range(changes: dict[str, float]) -> None:
    with pytest.raises(InputError, match=rf"out of range(.|\n)*{next(iter(changes))}"):
        preset("usual", n_layers=2, **changes)


def test_an_unknown_preset() -> None:
    with pytest.raises(InputError, match="usual, closer-look"):
        preset("best", n_layers=2)
