"""A trained head on frozen features: it predicts, and is kept without a pickle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pydantic
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tunescope._core.errors import InputError, ModelError
from tunescope._core.files import readable_write_errors, write_atomically
from tunescope._core.records import Record
from tunescope.finetuning.frozen.batches import read_in_order
from tunescope.finetuning.frozen.features import FrozenFeatures
from tunescope.finetuning.frozen.linear import apply_linear, linear_shapes
from tunescope.finetuning.frozen.networks import MixingNetwork
from tunescope.finetuning.frozen.settings import FrozenHeadSettings
from tunescope.models.devices import choose_device
from tunescope.tasks.example import LabelKind

__all__ = [
    "FrozenHead",
    "FrozenHeadInfo",
    "HeadKind",
    "check_fits",
    "decode",
    "make_network",
    "network_outputs",
]

HeadKind = Literal["linear", "mix"]

_INFO = "frozen_head.json"
_WEIGHTS = "frozen_head.safetensors"


class FrozenHeadInfo(Record):
    """What a head on frozen features reads and predicts, and how it was trained.

    Attributes:
        kind: ``"linear"`` or ``"mix"``.
        label: ``class`` or ``number``.
        labels: The classes in the order of the outputs; empty for numbers.
        offset: A number is predicted as ``offset + scale · output``: the mean of the training labels.
        scale: Standard deviation of the training labels; 1 for classes.
        layers: The layers that the features have; a linear head reads the last.
        hidden_size: Length of a vector.
        sequences: Whether the head reads the words of a sentence in order.
        settings: How it was trained.
        n_train: How many examples it was trained on.
        n_held_out: How many examples decided when to stop; 0 for a linear head.
        n_epochs: Passes over the training set until the weights that were kept; the solver's iterations for a linear
            head.
        held_out: The score on the held-out examples after each epoch, higher is better: minus the loss, unless a
            score was given.
        status: ``"ok"``, or a sentence that says what is wrong with the training.
    """

    schema_version: int = 1
    kind: HeadKind
    label: LabelKind
    labels: tuple[str, ...] = ()
    offset: float = 0.0
    scale: float = 1.0
    layers: tuple[int, ...]
    hidden_size: int
    sequences: bool
    settings: FrozenHeadSettings
    n_train: int
    n_held_out: int = 0
    n_epochs: int
    held_out: tuple[float, ...] = ()
    status: str = "ok"

    @property
    def n_outputs(self) -> int:
        """Number of outputs: one per class, or one for a number."""
        return len(self.labels) or 1


@dataclass(frozen=True, eq=False)
class FrozenHead:
    """A head on frozen features.

    Attributes:
        info: What it reads and predicts, and how it was trained.
        weights: Its arrays by name.
    """

    info: FrozenHeadInfo
    weights: dict[str, np.ndarray]

    @property
    def layer_weights(self) -> Float[np.ndarray, " layer"]:
        """The share of each layer in what the head reads, of sum 1: softmax(s); only the top for a linear head."""
        if self.info.kind == "linear":
            top: Float[np.ndarray, " layer"] = np.eye(len(self.info.layers))[-1]
            return top
        scores = self.weights["mix.scores"].astype(np.float64)
        exponentials = np.exp(scores - scores.max())
        shares: Float[np.ndarray, " layer"] = exponentials / exponentials.sum()
        return shares

    @property
    def gamma(self) -> float:
        """The factor γ of the mix; 1 for a linear head."""
        if self.info.kind == "linear":
            return 1.0
        return float(self.weights["mix.factor"] * self.weights["mix.scale"])

    def predict(self, features: FrozenFeatures, *, device: str = "auto") -> np.ndarray:
        """Return the predicted class (text) or number (float64) of each example.

        Args:
            features: Vectors of the same model's same layers; their labels are not looked at.
            device: Where a mixing head computes; ``"auto"`` takes a GPU where there is one.

        Raises:
            InputError: The features have other layers, another hidden size, or are sequences where the head was not
                trained on such (or the other way round).
            ModelError: There is no such device.
        """
        check_fits(features, self.info, "features")
        if self.info.kind == "linear":
            return decode(apply_linear(self.weights, features.top()), self.info)
        chosen = choose_device(device)
        network = make_network(self.info)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in self.weights.items()})
        everything = np.arange(len(features.units[0]))
        return decode(network_outputs(network.to(chosen), features, everything), self.info)

    def save(self, folder: Path | str) -> None:
        """Write the head into a folder, which is made where there is none.

        Raises:
            RunError: The folder cannot be written.
        """
        folder = Path(folder)
        with readable_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            save_file(self.weights, folder / _WEIGHTS)
            write_atomically(folder / _INFO, self.info.model_dump_json(indent=2))

    @classmethod
    def open(cls, folder: Path | str) -> FrozenHead:
        """Read a head that :meth:`save` wrote.

        Raises:
            ModelError: The folder has no such head, or a damaged one.
        """
        folder = Path(folder)
        try:
            info = FrozenHeadInfo.model_validate_json((folder / _INFO).read_bytes())
            weights = load_file(folder / _WEIGHTS)
        except (OSError, SafetensorError, pydantic.ValidationError) as error:
            raise ModelError("The frozen head cannot be read.", where=folder, got=error) from error
        expected = _shapes(info)
        if {name: array.shape for name, array in weights.items()} != expected:
            raise ModelError(
                "The weights of the frozen head do not fit its description.",
                where=folder,
                expected=", ".join(f"{name} {shape}" for name, shape in sorted(expected.items())),
                got=", ".join(f"{name} {array.shape}" for name, array in sorted(weights.items())),
            )
        return cls(info, weights)


def decode(outputs: Float[np.ndarray, "example output"], info: FrozenHeadInfo) -> np.ndarray:
    """Return the classes or numbers that the outputs of a head's last layer stand for."""
    if info.label is LabelKind.NUMBER:
        numbers: np.ndarray = info.offset + info.scale * outputs[:, 0].astype(np.float64)
        return numbers
    classes: np.ndarray = np.array(info.labels)[outputs.argmax(axis=1)]
    return classes


def make_network(info: FrozenHeadInfo, *, scale: float = 1.0) -> MixingNetwork:
    """Return the network of a mixing head, its weights drawn from torch's generator."""
    return MixingNetwork(
        n_layers=len(info.layers),
        input_size=info.hidden_size,
        hidden_size=info.settings.hidden_size,
        n_outputs=info.n_outputs,
        sequences=info.sequences,
        dropout=info.settings.dropout,
        layer_norm=info.settings.layer_norm,
        scale=scale,
    )


def network_outputs(
    network: MixingNetwork, features: FrozenFeatures, units: np.ndarray
) -> Float[np.ndarray, "position output"]:
    """Return the network's outputs for some sentences, or examples, in the order that is given; without dropout."""
    device = network.output.weight.device
    network.eval()
    with torch.inference_mode():
        outputs = [
            network(batch.stack, batch.lengths).float().cpu().numpy()
            for batch in read_in_order(features, units, device)
        ]
    return np.concatenate(outputs)


def check_fits(features: FrozenFeatures, info: FrozenHeadInfo, name: str) -> None:
    """Refuse features that are not of the kind that a head reads.

    Raises:
        InputError: The layers, the hidden size or the reading in sequence differ.
    """
    found = (features.layers, features.hidden_size, features.sequences)
    expected = (info.layers, info.hidden_size, info.sequences)
    if found != expected:
        raise InputError(
            "The features do not fit the head.",
            where=name,
            expected="layers {}, hidden size {}, sequences {}".format(*expected),
            got="layers {}, hidden size {}, sequences {}".format(*found),
            fix="extract them from the same model, with the layers that the head was trained on",
        )


def _shapes(info: FrozenHeadInfo) -> dict[str, tuple[int, ...]]:
    if info.kind == "linear":
        return linear_shapes(info.n_outputs, info.hidden_size)
    with torch.device("meta"):
        network = make_network(info)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
