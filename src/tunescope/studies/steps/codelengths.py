"""Steps of online codes: how short the labels of a text become to someone who has a model's vectors."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tunescope._core.seeds import derive_seed, make_rng
from tunescope.measures.probing.codelength import (
    Codelength,
    compression_difference,
    compression_estimate,
    online_codelength,
)
from tunescope.representations.writing import write_representations
from tunescope.studies.engine.step_function import step_function
from tunescope.studies.steps.inputs import encoder_of, task_of
from tunescope.studies.steps.probed_examples import probed_examples
from tunescope.studies.steps.rows import Row, write_rows

__all__ = ["code_labels", "compare_codes"]

_FILE = "codes.npz"


@step_function(memory_gigabytes=4, gpu=True)
def code_labels(
    folder: Path,
    *,
    model: dict[str, str],
    tuned: Path | None,
    tuned_task: dict[str, Any],
    text: dict[str, Any],
    max_targets: int,
    device: str,
    seed: int,
    n_resamples: int,
    level: float,
) -> None:
    """Code the labels of the training sentences by the vectors of each layer; arguments as for edge probes."""
    task = task_of(text)
    train, _ = probed_examples(task, max_targets, seed)
    encoder = encoder_of(model, tuned, None, task_of(tuned_task), device)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        targets = write_representations(
            encoder, train, task.target, Path(scratch) / "targets", task=task.name, split="train"
        )
        labels, sentence_ids = targets.labels, targets.sentence_ids
        codes = [
            online_codelength(
                targets.layer(layer),
                labels,
                sentence_ids=sentence_ids,
                seed=derive_seed(seed, "codelength"),
                device=device,
            )
            for layer in targets.info.layers
        ]
    np.savez(
        folder / _FILE,
        bits=np.stack([code.bits for code in codes]),
        portions=codes[0].portions,
        n_classes=codes[0].n_classes,
        sentence_ids=sentence_ids,
    )
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    rows = [
        Row(
            measure="compression",
            split="train",
            layer=layer,
            estimate=compression_estimate(code, sentence_ids, rng=_rng(seed), **options),
        )
        for layer, code in enumerate(codes)
    ]
    notes = [
        f"The online code of layer {layer}: {note}" for layer, code in enumerate(codes) for note in code.notes
    ]
    write_rows(folder, rows, notes)


@step_function()
def compare_codes(
    folder: Path, *, before: Path, after: Path, seed: int, n_resamples: int, level: float
) -> None:
    """Subtract the compression before from that after, paired over sentences."""
    (old, sentence_ids), (new, _) = _read(before), _read(after)
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level}
    rows = [
        Row(
            measure="compression_gain",
            split="train",
            layer=layer,
            estimate=compression_difference(*pair, sentence_ids, rng=_rng(seed), **options),
        )
        for layer, pair in enumerate(zip(old, new, strict=True))
    ]
    write_rows(folder, rows)


def _read(folder: Path) -> tuple[list[Codelength], np.ndarray]:
    with np.load(folder / _FILE) as arrays:
        codes = [
            Codelength(bits, arrays["portions"], int(arrays["n_classes"]), ()) for bits in arrays["bits"]
        ]
        return codes, arrays["sentence_ids"]


def _rng(seed: int) -> np.random.Generator:
    return make_rng(seed, "codelength", "resampling")
