"""Costs against formulas, known allocations and a clock."""

from __future__ import annotations

import doctest
import math
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel

from tunescope._core.errors import InputError
from tunescope.finetuning import cost
from tunescope.finetuning.cost import Cost, measure_cost

LINUX = Path("/proc/self/status").exists()


def test_the_examples_run() -> None:
    assert doctest.testmod(cost).failed == 0


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("train", [False, True])
def test_the_operations_of_bert_are_those_of_the_formula(attention: str, train: bool) -> None:
    """4 matrices of attention, 2 of the perceptron, 2 products of attention; backward is twice that."""
    hidden, inner, n_layers, n_sequences, length = 32, 64, 2, 3, 16
    config = BertConfig(
        vocab_size=50,
        hidden_size=hidden,
        num_hidden_layers=n_layers,
        num_attention_heads=4,
        intermediate_size=inner,
    )
    model = BertModel(config, add_pooling_layer=False).train(train)
    model.set_attn_implementation(attention)
    ids = torch.zeros((n_sequences, length), dtype=torch.long)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    per_position = 2 * (4 * hidden**2 + 2 * hidden * inner) + 2 * 2 * length * hidden
    expected = n_layers * n_sequences * length * per_position
    with measure_cost(device="cpu") as meter, meter.counting():
        output = model(**inputs).last_hidden_state
    assert meter.cost.operations == expected
    with measure_cost(device="cpu") as meter, meter.counting():
        torch.autograd.backward(output.sum())
    # Fused attention computes its scores a second time.
    again = n_layers * n_sequences * length * 2 * length * hidden
    assert meter.cost.operations - 2 * expected in (0, again)


@pytest.mark.parametrize("lengths", [[7, 7, 7], [7, 4, 1]])
def test_recurrent_layers_count(lengths: list[int]) -> None:
    lstm = nn.LSTM(5, 3, bidirectional=True, batch_first=True)
    inputs = torch.randn(3, 7, 5, requires_grad=True)
    expected = 2 * sum(lengths) * 2 * 4 * 3 * (5 + 3)
    with measure_cost(device="cpu", count=True) as meter:
        packed = nn.utils.rnn.pack_padded_sequence(inputs, torch.tensor(lengths), batch_first=True)
        output = lstm(packed)[0].data
    assert meter.cost.operations == expected
    with measure_cost(device="cpu", count=True) as meter:
        torch.autograd.backward(output.sum())
    assert meter.cost.operations == pytest.approx(2 * expected, rel=0.1)


def test_the_formulas_of_other_devices() -> None:
    """The shapes that a GPU's fused layer has: one input, and matrices and biases of two directions."""
    weights = [(12, 5), (12, 3), (12,), (12,)] * 2
    assert cost._cudnn_recurrent((7, 5), weights) == 2 * 7 * 2 * 12 * (5 + 3)
    assert cost._attention((2, 4, 10, 8), (2, 4, 6, 8), (2, 4, 6, 3)) == 2 * 2 * 4 * 10 * 6 * (8 + 3)


def test_one_batch_stands_for_many() -> None:
    with measure_cost(device="cpu") as meter:
        with meter.counting(times=10):
            torch.ones(2, 3) @ torch.ones(3, 4)
        torch.ones(2, 3) @ torch.ones(3, 4)
        meter.add_operations(7)
    assert meter.cost.operations == 10 * 2 * 2 * 3 * 4 + 7


def test_what_is_not_counted_is_unknown() -> None:
    with measure_cost(device="cpu") as meter:
        torch.ones(2, 3) @ torch.ones(3, 4)
    assert math.isnan(meter.cost.operations)


def test_seconds_are_those_of_the_clock() -> None:
    with measure_cost(device="cpu") as meter:
        time.sleep(0.2)
    assert 0.2 <= meter.cost.seconds < 2


@pytest.mark.skipif(not LINUX, reason="only Linux tells the resident set")
@pytest.mark.parametrize("attempt", [0, 1])
def test_the_peak_is_seen_even_below_an_earlier_one(attempt: int) -> None:
    n_bytes = 300_000_000
    with measure_cost(device="cpu") as meter:
        block = np.ones(n_bytes, dtype=np.uint8)
        time.sleep(0.1)
        del block
    assert 0.9 * n_bytes < meter.cost.added_bytes < 1.5 * n_bytes


@pytest.mark.skipif(not LINUX, reason="only Linux tells the resident set")
def test_contexts_within_one_another() -> None:
    with measure_cost(device="cpu") as outer:
        block = np.ones(200_000_000, dtype=np.uint8)
        time.sleep(0.1)
        del block
        with measure_cost(device="cpu") as inner:
            time.sleep(0.05)
    assert inner.cost.added_bytes < 1e8 < 1.8e8 < outer.cost.added_bytes
    assert inner.cost.seconds < outer.cost.seconds


def test_no_resident_set_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cost, "_STATUS", tmp_path / "absent")
    with measure_cost(device="cpu") as meter:
        pass
    assert math.isnan(meter.cost.start_bytes)
    assert math.isnan(meter.cost.peak_bytes)
    assert math.isnan(meter.cost.added_bytes)


def test_the_cost_is_known_after_the_work_alone() -> None:
    with (
        measure_cost(device="cpu") as meter,
        pytest.raises(InputError, match="The work is not finished"),
    ):
        _ = meter.cost
    assert meter.cost.seconds >= 0


def test_the_cost_of_work_that_failed_is_known() -> None:
    with pytest.raises(ZeroDivisionError), measure_cost(device="cpu", count=True) as meter:
        _ = 1 / 0
    assert meter.cost.seconds >= 0


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_impossible_numbers_are_refused(value: float) -> None:
    with measure_cost(device="cpu") as meter:
        with pytest.raises(InputError, match="times is out of range"), meter.counting(times=value):
            pass
        if value != 0:
            with pytest.raises(InputError, match="operations is out of range"):
                meter.add_operations(value)


def test_records_survive_the_round_trip() -> None:
    before = Cost(seconds=1.5, operations=math.nan, start_bytes=1.0, peak_bytes=3.0, device="cpu")
    after = Cost.model_validate_json(before.model_dump_json())
    assert math.isnan(after.operations)
    assert after.added_bytes == 2
    assert after.device == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu() -> None:
    with measure_cost(device="cuda", count=True) as meter:
        block = torch.ones(1000, 1000, device="cuda") @ torch.ones(1000, 1000, device="cuda")
        del block
    assert meter.cost.added_bytes >= 3 * 4_000_000
    assert meter.cost.operations == 2e9
    assert meter.cost.device == "cuda:0"
