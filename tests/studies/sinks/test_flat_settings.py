"""Settings as parameters."""

from __future__ import annotations

from tunescope.studies.sinks.flat_settings import flat_settings


def test_settings_are_flat_and_keep_their_values() -> None:
    settings = {
        "models": [{"name": "tiny"}, {"name": "small"}],
        "layers": [0, 6],
        "finetune": {"epochs": 3, "bf16": None, "options": {}},
        "full": True,
    }
    assert flat_settings(settings) == {
        "models.0.name": "tiny",
        "models.1.name": "small",
        "layers": "[0, 6]",
        "finetune.epochs": "3",
        "finetune.bf16": "null",
        "finetune.options": "{}",
        "full": "true",
    }


def test_long_values_are_cut_and_say_so() -> None:
    (value,) = flat_settings({"path": "x" * 1000}).values()
    assert len(value) == 250
    assert value.endswith("…")


def test_names_that_people_chose_are_made_fit_for_trackers() -> None:
    (name,) = flat_settings({"out_of_domain": {"web: 2019/20": "web.conllu"}})
    assert name.startswith("out_of_domain.web_ 2019_20-")
