"""Where tensors live."""

from __future__ import annotations

import torch

from tunescope._core.errors import ModelError

__all__ = ["choose_device"]


def choose_device(device: str) -> torch.device:
    """Return the device of that name; ``"auto"`` takes a GPU where there is one.

    Raises:
        ModelError: There is no such device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(
            "There is no such device.",
            where=f"device {device!r}",
            expected="auto, cpu, cuda, cuda:N or mps",
            got=str(error).splitlines()[0],
            fix="take a device of this machine, or leave --device out",
        ) from error
    return chosen
