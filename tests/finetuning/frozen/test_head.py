from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tunescope._core.errors import InputError, ModelError, RunError
from tunescope.finetuning.frozen import head as module
from tunescope.finetuning.frozen.features import FrozenFeatures
from tunescope.finetuning.frozen.head import FrozenHead
from tunescope.finetuning.frozen.settings import FrozenHeadSettings
from tunescope.finetuning.frozen.training import train_frozen_head

Planted = Callable[..., FrozenFeatures]
FAST = FrozenHeadSettings(learning_rate=1e-2, hidden_size=8, max_epochs=3)


@pytest.mark.parametrize("kind", ["linear", "mix"])
@pytest.mark.parametrize("data", ["classes", "numbers", "sequences"])
def test_a_head_that_was_kept_predicts_the_same(
    one_layer_tells: Planted, neighbour_tells: Planted, tmp_path: Path, kind: str, data: str
) -> None:
    features = (
        neighbour_tells(n_sentences=20)
        if data == "sequences"
        else one_layer_tells(1, n=60, numbers=data == "numbers")
    )
    head = train_frozen_head(features, kind, FAST, device="cpu")  # type: ignore[arg-type]
    head.save(tmp_path / "new" / "head")
    again = FrozenHead.open(tmp_path / "new" / "head")
    assert again.info == head.info
    assert np.array_equal(again.layer_weights, head.layer_weights)
    assert again.gamma == head.gamma
    assert np.array_equal(again.predict(features, device="cpu"), head.predict(features, device="cpu"))
    assert sorted(path.suffix for path in (tmp_path / "new" / "head").iterdir()) == [".json", ".safetensors"]


def test_predictions_do_not_depend_on_how_many_are_asked_for(
    neighbour_tells: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = neighbour_tells(n_sentences=60)
    head = train_frozen_head(features, "mix", FAST, device="cpu")
    whole = head.predict(features, device="cpu")
    monkeypatch.setattr("tunescope.finetuning.frozen.batches._POSITIONS_AT_ONCE", 10)
    assert np.array_equal(head.predict(features, device="cpu"), whole)
    first = features.sentence_ids < 20
    part = FrozenFeatures.of_arrays(
        features.read(np.flatnonzero(first)), None, features.sentence_ids[first], sequences=True
    )
    assert np.array_equal(head.predict(part, device="cpu"), whole[first])


@pytest.mark.parametrize("kind", ["linear", "mix"])
def test_features_of_another_model_are_refused(one_layer_tells: Planted, kind: str) -> None:
    features = one_layer_tells(0, n=30)
    head = train_frozen_head(features, kind, FAST, device="cpu")  # type: ignore[arg-type]
    vectors = features.read(slice(None))
    for other in (vectors[:3], vectors[:, :, :5]):
        with pytest.raises(InputError, match="do not fit the head") as caught:
            head.predict(FrozenFeatures.of_arrays(other, None, features.sentence_ids), device="cpu")
        assert "hidden size 8" in str(caught.value.expected)
    with pytest.raises(InputError, match="sequences True"):
        head.predict(FrozenFeatures.of_arrays(vectors, None, features.sentence_ids, sequences=True))


def test_damaged_heads_are_refused(one_layer_tells: Planted, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        FrozenHead.open(tmp_path)
    for kind in ("linear", "mix"):
        train_frozen_head(one_layer_tells(0, n=30), kind, FAST, device="cpu").save(tmp_path)  # type: ignore[arg-type]
        file = tmp_path / "frozen_head.safetensors"
        weights = load_file(file)
        name = next(iter(weights))
        save_file({**weights, name: np.zeros(99, dtype=np.float32)}, file)
        with pytest.raises(ModelError, match="do not fit its description"):
            FrozenHead.open(tmp_path)
        file.write_bytes(b"no tensors")
        with pytest.raises(ModelError, match="cannot be read"):
            FrozenHead.open(tmp_path)


def test_a_folder_that_cannot_be_written(one_layer_tells: Planted, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="a part of the path is a file"):
        train_frozen_head(one_layer_tells(0, n=30), "linear").save(tmp_path / "file" / "head")


def test_the_shares_of_the_layers_are_the_softmax_of_their_scores(one_layer_tells: Planted) -> None:
    head = train_frozen_head(one_layer_tells(0, n=30), "mix", FAST, device="cpu")
    scores = head.weights["mix.scores"].astype(np.float64)
    assert np.allclose(head.layer_weights, np.exp(scores) / np.exp(scores).sum())
    network = module.make_network(head.info)
    assert set(network.state_dict()) == set(head.weights)
