from __future__ import annotations

import doctest
import math

import pytest

from tunescope._core.errors import InputError
from tunescope.finetuning.frozen import settings as module
from tunescope.finetuning.frozen.settings import FrozenHeadSettings, frozen_head_settings


def test_the_examples_run() -> None:
    assert doctest.testmod(module).failed == 0


def test_settings_survive_the_round_trip() -> None:
    settings = frozen_head_settings(learning_rate=0.1, layer_norm=True)
    assert FrozenHeadSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0),
        ("learning_rate", 1.1),
        ("learning_rate", math.nan),
        ("max_epochs", 0),
        ("batch_size", 0),
        ("dropout", 1),
        ("dropout", -0.1),
        ("patience", 0),
        ("hidden_size", 0),
        ("held_out", 0),
        ("held_out", 1),
        ("max_grad_norm", 0),
        ("inverse_penalty", math.inf),
        ("penalty", -1),
        ("seed", -1),
        ("epochs", 3),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError) as caught:
        frozen_head_settings(**{name: value})
    assert caught.value.where == name
    assert caught.value.expected
    assert caught.value.got is not None
