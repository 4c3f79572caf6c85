"""Online codelength of parts of speech at every layer of MiniLM, with the control task and random labels beside it."""

from __future__ import annotations

import tempfile
import time

import data
import numpy as np

from tunescope import extract
from tunescope.measures.probing.codelength import compression_estimate, online_codelength
from tunescope.measures.probing.control_task import control_labels


def main() -> None:
    """Print compression by layer: of the task, of its control task, and of labels drawn uniformly at random."""
    task = data.pud()
    with tempfile.TemporaryDirectory() as folder:
        store = extract(data.MODEL, task, "train", folder, device="cpu")
        labels, sentences = store.labels, store.sentence_ids
        words = store.targets["token"].to_numpy().astype(np.str_)
        rng = np.random.default_rng(0)
        control, _ = control_labels(words, labels, words[:1], rng=rng)
        random = rng.integers(len(task.labels), size=len(labels))
        print(
            f"POS: {len(labels):,} × {store.info.hidden_size}, {len(task.labels)} labels; 95 % intervals over sentences"
        )
        for layer in store.info.layers:
            started = time.perf_counter()
            found = []
            for name, y in (("task", labels), ("control task", control), ("random labels", random)):
                if name == "random labels" and layer != store.info.layers[-1]:
                    continue
                code = online_codelength(store.layer(layer), y, sentence_ids=sentences, seed=0, device="cpu")
                estimate = compression_estimate(code, sentences, rng=np.random.default_rng(0))
                found.append(f"{name} {estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]")
            print(f"layer {layer}: {'; '.join(found)}; {time.perf_counter() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
