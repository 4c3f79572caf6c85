from __future__ import annotations

import pytest
import torch

from tunescope.measures.probing.engine.threads import torch_threads


def test_torchs_threads_are_restored_even_after_an_error() -> None:
    before = torch.get_num_threads()
    inside = []

    def fail() -> None:
        with torch_threads(before + 1):
            inside.append(torch.get_num_threads())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with torch_threads():
        inside.append(torch.get_num_threads())
    assert inside == [before + 1, before]
    assert torch.get_num_threads() == before
