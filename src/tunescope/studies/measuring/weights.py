"""How far the weights moved."""

from __future__ import annotations

import numpy as np
import torch

from tunescope.measures.weights.weight_change import weight_change
from tunescope.models.encoder import Encoder
from tunescope.studies.comparison import Measurement

__all__ = ["weight_measurements", "weights_as_arrays"]


def weight_measurements(base: Encoder, tuned: Encoder, *, step: int | None = None) -> tuple[Measurement, ...]:
    """Return the relative weight change of the embeddings and of each layer.

    Other parts, such as a pooler, are left out: no layer's vectors depend on them.

    Raises:
        InputError: The two models have different parameters.
    """
    changes = weight_change(weights_as_arrays(base), weights_as_arrays(tuned))
    return tuple(
        Measurement(measure="weight_change", subject="both", part=part, step=step, estimate=estimate)
        for part, estimate in changes.items()
        if part == "embeddings" or "layer" in part
    )


def weights_as_arrays(encoder: Encoder) -> dict[str, np.ndarray]:
    """Return the parameters as arrays; bfloat16, which numpy lacks, becomes float32."""
    tensors = encoder.model.state_dict()
    return {
        name: (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).cpu().numpy()
        for name, tensor in tensors.items()
    }
