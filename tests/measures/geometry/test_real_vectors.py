from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tunescope import extract, read_task
from tunescope.measures.geometry.directprobe import direct_probe


@pytest.mark.slow
def test_clusters_of_a_real_model_are_those_known_beforehand(
    minilm: Path, shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    path = shared_data("ud/PUD-r2.5/en_pud-ud-test.conllu")
    task = read_task("conllu:pos", train=f"{path}[:800]", test=f"{path}[800:]")
    vectors = extract(minilm, task, "train", tmp_path, device="cpu")
    for layer in (1, 3, 5):
        known = np.load(shared_data(f"../cases/directprobe/minilm_pud/pos_layer{layer}.npz"))
        found = direct_probe(vectors.layer(layer), vectors.labels)
        assert adjusted_rand_score(known["cluster"], found.clusters) >= 0.999
        assert found.verify(vectors.layer(layer)).holds
        assert found.certificates.n_undecided == 0
