from __future__ import annotations

import numpy as np
import pytest
import torch

from tunescope.finetuning.frozen.networks import MixingNetwork, ScalarMix


def test_the_mix_is_that_of_the_formula() -> None:
    torch.manual_seed(0)
    mix = ScalarMix(3, layer_norm=False, scale=0.5)
    with torch.no_grad():
        mix.scores.copy_(torch.tensor([0.3, -1.0, 2.0]))
        mix.factor.fill_(1.7)
    stack = torch.randn(3, 4, 5)
    shares = np.exp([0.3, -1.0, 2.0]) / np.exp([0.3, -1.0, 2.0]).sum()
    expected = 1.7 * 0.5 * sum(share * layer for share, layer in zip(shares, stack.numpy(), strict=True))
    assert np.allclose(mix(stack).detach().numpy(), expected, atol=1e-6)


def test_layers_are_normalised_before_they_are_mixed() -> None:
    stack = torch.randn(2, 4, 64) * torch.tensor([1.0, 100.0])[:, None, None] + 3
    mixed = ScalarMix(2, layer_norm=True)(stack).detach().numpy()
    rows = stack.numpy()
    normal = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-5)
    assert np.allclose(mixed, normal.mean(0), atol=1e-4)


def _network(*, sequences: bool) -> MixingNetwork:
    torch.manual_seed(0)
    return MixingNetwork(
        n_layers=2,
        input_size=5,
        hidden_size=3,
        n_outputs=4,
        sequences=sequences,
        dropout=0.5,
        layer_norm=False,
    ).eval()


def test_sentences_are_read_on_their_own() -> None:
    """A sentence's outputs are those that a naive LSTM gives it alone, whatever else is in the batch."""
    network = _network(sequences=True)
    lengths = [3, 1, 6, 2]
    stack = torch.randn(2, sum(lengths), 5)
    together = network(stack, torch.tensor(lengths))
    lstm = network.hidden
    assert isinstance(lstm, torch.nn.LSTM)
    for part, outputs in zip(stack.split(lengths, dim=1), together.split(lengths), strict=True):
        alone = network.output(lstm(network.mix(part)[None])[0][0])
        assert torch.allclose(outputs, alone, atol=1e-6)


def test_without_sequences_each_vector_stands_alone() -> None:
    network = _network(sequences=False)
    stack = torch.randn(2, 6, 5)
    ones = torch.ones(6, dtype=torch.long)
    order = torch.tensor([3, 1, 0, 5, 2, 4])
    assert torch.allclose(network(stack, ones)[order], network(stack[:, order], ones), atol=1e-6)


@pytest.mark.parametrize("sequences", [True, False])
def test_dropout_acts_in_training_alone(sequences: bool) -> None:
    network = _network(sequences=sequences)
    stack, lengths = torch.randn(2, 4, 5), torch.tensor([2, 2] if sequences else [1] * 4)
    assert torch.equal(network(stack, lengths), network(stack, lengths))
    network.train()
    assert not torch.equal(network(stack, lengths), network(stack, lengths))
