"""What studies have in common, as Python objects."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tunescope._core.errors import InputError
from tunescope.finetuning.settings import PRESETS, FinetuneSettings, preset
from tunescope.studies.files.common_settings import FinetuneEntry, ModelEntry, StudySettings, TaskEntry


def _settings(**changes: Any) -> StudySettings:
    values = {"study": "s", "models": ["a/b"], "tasks": [{"name": "t", "format": "treebank:pos"}]}
    return StudySettings.model_validate(values | changes)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("bert-base", "bert-base"),
        ("a/b", "b"),
        ("~/models/x/", "x"),
        ("/a/b.c", "b.c"),
        (".", "."),
        ("/", "/"),
    ],
)
def test_a_model_is_named_by_the_last_part_of_its_path(path: str, name: str) -> None:
    assert ModelEntry.model_validate(path) == ModelEntry(path=path, name=name) == ModelEntry(path=path)


def test_defaults() -> None:
    settings = _settings()
    assert settings.name == "s"
    assert settings.seeds == (0,)
    assert settings.layers == "all"
    assert (settings.threads_per_step, settings.level, settings.n_resamples) == (1, 0.95, 200)
    assert _settings(name="other").name == "other"


@pytest.mark.parametrize("key", ["models", "tasks"])
def test_models_and_tasks_cannot_be_none(key: str) -> None:
    with pytest.raises(ValidationError, match="at least 1"):
        _settings(**{key: []})


def test_duplicates_are_refused_in_python_too() -> None:
    with pytest.raises(ValidationError, match="name given twice: 'b'"):
        _settings(models=["a/b", "c/b"])
    with pytest.raises(ValidationError, match="value given twice: 1"):
        _settings(seeds=[1, 1])


def test_layers_of_a_model() -> None:
    assert _settings().chosen_layers(2) == (0, 1, 2)
    assert _settings(layers=[3, 0]).chosen_layers(3) == (0, 3)
    with pytest.raises(InputError) as caught:
        _settings(layers=[0, 3, 7]).chosen_layers(2)
    assert (caught.value.where, caught.value.got) == ("layers", "3, 7")
    assert "1 to 2" in str(caught.value.expected)


def test_fine_tuning_settings() -> None:
    entry = FinetuneEntry(preset="closer-look", weight_decay=0.1)
    assert entry.settings(n_layers=4, seed=3) == preset("closer-look", n_layers=4, weight_decay=0.1, seed=3)
    assert entry.settings(n_layers=12, seed=3).epochs == 3
    assert FinetuneEntry().settings(n_layers=2, seed=0) == FinetuneSettings()
    assert FinetuneEntry(bf16=True, epochs=5).settings(n_layers=2, seed=0).epochs == 5
    assert {FinetuneEntry(preset=name).preset for name in PRESETS} == {*PRESETS}


@pytest.mark.parametrize("value", [-1, 0, 0.5, 1])
@pytest.mark.parametrize("field", ["epochs", "learning_rate", "batch_size", "weight_decay"])
def test_what_a_file_may_say_is_what_a_fine_tuning_takes(field: str, value: float) -> None:
    def is_taken(record: type[FinetuneEntry | FinetuneSettings]) -> bool:
        try:
            record.model_validate({field: value})
        except ValidationError:
            return False
        return True

    assert is_taken(FinetuneEntry) == is_taken(FinetuneSettings)


def test_a_task_entry_loads_as_its_source() -> None:
    entry = TaskEntry(name="mine", format="treebank:pos", options={"n_train": 5, "n_test": 5})
    assert entry.load().name == "mine"
