"""Extraction to disk: equal to transformers' own vectors, in corpus order, resumed after a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tunescope._core.errors import InputError
from tunescope.models.encoder import load_encoder
from tunescope.representations.capture import VectorCapture
from tunescope.representations.extraction import extract
from tunescope.representations.store import StoreInfo, VectorWriter, open_representations
from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind
from tunescope.tasks.source import read_task
from tunescope.tasks.task import Task


def test_vectors_of_real_sentences_equal_output_hidden_states(
    minilm: Path, shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    """Every target of 200 PUD sentences, at every layer, whatever the batches."""
    pud = shared_data("ud/PUD-r2.5/en_pud-ud-test.conllu")
    task = read_task("conllu:pos", train=pud, test=f"{pud}[:200]")
    encoder = load_encoder(minilm, device="cpu")
    by_budget = [
        extract(encoder, task, "test", tmp_path / str(budget), token_budget=budget).to_xarray().to_numpy()
        for budget in (64, 4096)
    ]
    assert np.abs(by_budget[0] - by_budget[1]).max() <= 1e-5
    row = 0
    for example in task.splits["test"]:
        encoding = encoder.tokenizer([list(example.text)], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            layers = encoder.model(**encoding, output_hidden_states=True).hidden_states
        word_of = np.array([-1 if word is None else word for word in encoding.word_ids(0)])
        for word in range(len(example.text)):
            own = np.stack([layer[0].numpy()[word_of == word].mean(axis=0) for layer in layers])
            assert np.abs(own - by_budget[1][:, row]).max() <= 1e-5, (example.sentence_id, word)
            row += 1
    assert row == by_budget[1].shape[1]


def test_labels_tokens_and_sentences_come_along(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    vectors = extract(tiny_model, tiny_task, "test", tmp_path, device="cpu")
    pairs = [(e, t) for e in tiny_task.splits["test"] for t in e.targets]
    array = vectors.to_xarray()
    assert array.dims == ("layer", "example", "hidden")
    assert array.shape == (3, len(pairs), 16)
    assert array.coords["layer"].to_numpy().tolist() == [0, 1, 2]
    assert array.coords["label"].to_numpy().tolist() == [t.label for _, t in pairs]
    assert array.coords["token"].to_numpy().tolist() == [e.words_of(t.spans[0]) for e, t in pairs]
    assert array.coords["sentence_id"].to_numpy().tolist() == [e.sentence_id for e, _ in pairs]
    np.testing.assert_array_equal(vectors.layer(1), array.sel(layer=1))
    assert open_representations(vectors.folder).info == vectors.info


def test_chosen_layers_only(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    every = extract(tiny_model, tiny_task, "test", tmp_path / "all", device="cpu")
    some = extract(tiny_model, tiny_task, "test", tmp_path / "some", layers=[2, 0], device="cpu")
    assert some.info.layers == (2, 0)
    np.testing.assert_array_equal(some.layer(2), every.layer(2))
    with pytest.raises(InputError, match="was not extracted"):
        some.layer(1)


@pytest.mark.parametrize("layers", [[], [3], [-1], [1, 1]])
def test_layers_that_do_not_exist(
    tiny_model: Path, tiny_task: Task, tmp_path: Path, layers: list[int]
) -> None:
    with pytest.raises(InputError, match=r"no such layers(.|\n)*0 \(embeddings\) to 2"):
        extract(tiny_model, tiny_task, "test", tmp_path, layers=layers, device="cpu")


def test_a_split_that_does_not_exist(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such split(.|\n)*other"):
        extract(tiny_model, tiny_task, "tset", tmp_path)


@pytest.mark.parametrize(("storage", "tolerance"), [("float16", 2e-3), ("bfloat16", 2e-2)])
def test_half_precision_storage(
    tiny_model: Path, tiny_task: Task, tmp_path: Path, storage: str, tolerance: float
) -> None:
    exact = extract(tiny_model, tiny_task, "test", tmp_path / "exact", device="cpu")
    half = extract(tiny_model, tiny_task, "test", tmp_path / "half", storage=storage, device="cpu")  # type: ignore[arg-type]
    assert half.layer(2).dtype == np.float32
    np.testing.assert_allclose(half.layer(2), exact.layer(2), atol=tolerance * np.abs(exact.layer(2)).max())
    size = (half.folder / "vectors.npy").stat().st_size
    assert size < 0.6 * (exact.folder / "vectors.npy").stat().st_size
    np.testing.assert_array_equal(half.to_xarray().sel(layer=2), half.layer(2))


def test_a_pair_is_the_concatenation_of_its_spans(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    def paired(examples: tuple[Example, ...]) -> tuple[Example, ...]:
        spans = (Span(2, 3), Span(0, 1))
        return tuple(Example(e.sentence_id, e.text, (Target(e.targets[0].label, spans),)) for e in examples)

    splits = {name: paired(examples) for name, examples in tiny_task.splits.items()}
    pairs = Task("pairs", TargetKind.PAIR, LabelKind.CLASS, splits)
    found = extract(tiny_model, pairs, "test", tmp_path / "pairs", device="cpu").layer(2)
    tokens = extract(tiny_model, tiny_task, "test", tmp_path / "tokens", device="cpu").layer(2)
    first = np.cumsum([0] + [len(e.targets) for e in tiny_task.splits["test"]])[:-1]
    np.testing.assert_allclose(found, np.hstack([tokens[first + 2], tokens[first]]), atol=1e-5)


def test_numbers_stay_numbers(tiny_model: Path, tmp_path: Path) -> None:
    examples = tuple(Example(str(i), "the cat", (Target(i / 3),)) for i in range(4))
    task = Task("n", TargetKind.SENTENCE, LabelKind.NUMBER, {"train": examples, "test": examples})
    vectors = extract(tiny_model, task, "test", tmp_path, device="cpu")
    assert vectors.labels.tolist() == [0, 1 / 3, 2 / 3, 1]


def test_a_folder_without_vectors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished extraction"):
        open_representations(tmp_path)


_INFO = StoreInfo(
    model="m",
    state_sha256="",
    task="t",
    split="test",
    examples_sha256="",
    pooling="mean",
    storage="float32",
    layers=(0, 1),
    n_examples=6,
    hidden_size=3,
)


def test_the_writer_takes_rows_in_any_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2, 6, 3)).astype(np.float32)
    with VectorWriter(tmp_path, _INFO) as writer:
        for layer in (1, 0):
            for rows in ([4, 5, 0], [3, 1, 2]):
                writer.write(layer, np.array(rows), 0, vectors[layer, rows])
        writer.finish([""] * 6, [""] * 6, ["x"] * 6)
    np.testing.assert_array_equal(np.load(tmp_path / "vectors.npy"), vectors)


def test_the_writer_goes_on_only_where_something_was_marked(tmp_path: Path) -> None:
    with VectorWriter(tmp_path, _INFO) as writer:
        assert writer.n_done == 0
        writer.mark_done(3)
    with VectorWriter(tmp_path, _INFO) as writer:
        assert writer.n_done == 3
    larger = _INFO.model_copy(update={"n_examples": 7})
    with VectorWriter(tmp_path, larger) as writer:
        assert writer.n_done == 0


_CHILD = """
import sys
from pathlib import Path
import tunescope.representations.writing as writing
from tunescope.representations.extraction import extract
from tunescope.tasks.edge_probing import read_edge_probing
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.task import Task
writing._SECONDS_BETWEEN_MARKS = 0
data, model, run = sys.argv[1:]
examples = read_edge_probing(data)
task = Task("tags", TargetKind.TOKEN, LabelKind.CLASS, {"train": examples, "test": examples})
extract(model, task, "test", run, token_budget=16)
"""


def test_a_killed_extraction_goes_on(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    from tunescope.tasks.edge_probing import write_edge_probing

    data = tmp_path / "train.jsonl"
    write_edge_probing(tiny_task.splits["train"], data)
    command = [sys.executable, "-c", _CHILD, str(data), str(tiny_model), str(tmp_path / "run")]
    with subprocess.Popen(command) as process:
        while not list((tmp_path / "run").glob("steps/.vectors-test-*.partial/done.json")):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    with pytest.raises(InputError, match="no finished extraction"):
        open_representations(tmp_path / "run")
    subprocess.run(command, check=True)
    (folder,) = (tmp_path / "run").glob("steps/vectors-test-*")
    undisturbed = extract(tiny_model, tiny_task, "train", tmp_path / "whole", token_budget=16, device="cpu")
    np.testing.assert_array_equal(np.load(folder / "vectors.npy"), undisturbed.to_xarray())


def test_captured_vectors_are_those_of_the_snapshot(
    tiny_model: Path, tiny_task: Task, tmp_path: Path
) -> None:
    from tunescope.finetuning.finetune import finetune
    from tunescope.finetuning.settings import FinetuneSettings

    encoder = load_encoder(tiny_model, device="cpu")
    capture = VectorCapture(encoder, tiny_task, max_targets=50)
    settings = FinetuneSettings(learning_rate=5e-3, epochs=2, batch_size=16)
    tuned = finetune(
        tiny_model, tiny_task, tmp_path / "run", settings=settings, snapshots={"every": 4}, capture=capture
    )
    plain = finetune(tiny_model, tiny_task, tmp_path / "plain", settings=settings)
    assert tuned.history.equals(plain.history)  # looking changes nothing
    before = extract(tiny_model, tiny_task, "test", tmp_path / "before", device="cpu").layer(2)
    captured = {step: open_representations(path / "vectors") for step, path in tuned.snapshots.items()}
    assert all(30 < vectors.info.n_examples <= 50 for vectors in captured.values())
    n = captured[0].info.n_examples
    np.testing.assert_allclose(captured[0].layer(2), before[:n], atol=1e-5)
    assert np.abs(captured[8].layer(2) - before[:n]).max() > 0.1


def test_an_interrupted_extraction_may_go_on_with_other_batches(
    tiny_model: Path, tiny_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tunescope.representations import writing

    monkeypatch.setattr(writing, "_SECONDS_BETWEEN_MARKS", -1.0)
    written = 0
    original = writing._write_layer

    def stop_after_some(*arguments: object) -> None:
        nonlocal written
        written += 1
        if written == 30:
            raise KeyboardInterrupt
        original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "_write_layer", stop_after_some)
    with pytest.raises(KeyboardInterrupt):
        extract(tiny_model, tiny_task, "train", tmp_path / "run", token_budget=16, device="cpu")
    monkeypatch.setattr(writing, "_write_layer", original)
    resumed = extract(tiny_model, tiny_task, "train", tmp_path / "run", token_budget=1024, device="cpu")
    whole = extract(tiny_model, tiny_task, "train", tmp_path / "whole", device="cpu")
    np.testing.assert_allclose(resumed.to_xarray(), whole.to_xarray(), atol=1e-5)
