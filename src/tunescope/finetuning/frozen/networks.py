"""The networks of a mixing head: a learnt mix of all layers, and what reads it."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

__all__ = ["MixingNetwork", "ScalarMix"]

Stack = Float[torch.Tensor, "layer position hidden"]


class ScalarMix(nn.Module):
    """A weighted sum of layers: γ · Σ_l softmax(s)_l · h_l, with γ and s learnt.

    Args:
        n_layers: Number of layers.
        layer_norm: Whether each vector is normalised (mean 0, variance 1) first.
        scale: The γ to start with; chosen by the training so that the mix starts with a mean square of 1, whatever
            the scale of the model's vectors. γ is learnt as a factor on it.

    References:
        Peters et al. 2018, "Deep Contextualized Word Representations", eq. 1 and section 3.2 on normalising.
    """

    def __init__(self, n_layers: int, *, layer_norm: bool, scale: float = 1.0) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(n_layers))
        self.factor = nn.Parameter(torch.ones(()))
        self.scale: torch.Tensor
        self.register_buffer("scale", torch.tensor(scale))
        self._layer_norm = layer_norm

    def forward(self, stack: Stack) -> Float[torch.Tensor, "position hidden"]:
        """Return the mix of each position's vectors."""
        if self._layer_norm:
            stack = nn.functional.layer_norm(stack, stack.shape[-1:])
        mixed: torch.Tensor = (
            self.factor * self.scale * torch.tensordot(self.scores.softmax(0), stack, dims=1)
        )
        return mixed


class MixingNetwork(nn.Module):
    """A scalar mix, and on it a BiLSTM or a layer of rectified units, and a linear layer.

    Args:
        n_layers: Layers that are mixed.
        input_size: Length of a vector.
        hidden_size: Units of the hidden layer; of each direction of the BiLSTM.
        n_outputs: One per class, or one for a number.
        sequences: Whether a BiLSTM reads the words of a sentence in order; otherwise each vector stands alone.
        dropout: Of the mix, and of the hidden layer.
        layer_norm: See :class:`ScalarMix`.
        scale: See :class:`ScalarMix`.
    """

    def __init__(
        self,
        *,
        n_layers: int,
        input_size: int,
        hidden_size: int,
        n_outputs: int,
        sequences: bool,
        dropout: float,
        layer_norm: bool,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.mix = ScalarMix(n_layers, layer_norm=layer_norm, scale=scale)
        self.dropout = nn.Dropout(dropout)
        self.hidden: nn.Module
        if sequences:
            self.hidden = nn.LSTM(input_size, hidden_size, batch_first=True, bidirectional=True)
        else:
            self.hidden = nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU())
        self.output = nn.Linear(hidden_size * (2 if sequences else 1), n_outputs)

    def forward(
        self, stack: Stack, lengths: Int[torch.Tensor, " sentence"]
    ) -> Float[torch.Tensor, "position output"]:
        """Return the outputs of each position.

        Args:
            stack: The vectors of all layers, shape (layer, position, hidden); sentence by sentence.
            lengths: How many positions each sentence has, on the CPU; all 1 where each vector stands alone.
        """
        inputs = self.dropout(self.mix(stack))
        if isinstance(self.hidden, nn.LSTM):
            hidden = _read_sentences(self.hidden, inputs, lengths)
        else:
            hidden = self.hidden(inputs)
        outputs: torch.Tensor = self.output(self.dropout(hidden))
        return outputs


def _read_sentences(
    lstm: nn.LSTM, inputs: Float[torch.Tensor, "position hidden"], lengths: Int[torch.Tensor, " sentence"]
) -> Float[torch.Tensor, "position two_hidden"]:
    """Return the LSTM's outputs for sentences that lie one after another; none sees another's words."""
    width = int(lengths.max())
    there = (torch.arange(width) < lengths[:, None]).to(inputs.device)
    padded = inputs.new_zeros(len(lengths), width, inputs.shape[1])
    padded[there] = inputs
    packed: PackedSequence = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    read: PackedSequence = lstm(packed)[0]
    outputs, _ = nn.utils.rnn.pad_packed_sequence(read, batch_first=True)
    return outputs[there]
