"""A study over models that go by their names on the hub, in the format of the paper's; the weights are random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tunescope.studies.run_study import plan_study, run_study
from tunescope.tasks.edge_probing import write_edge_probing
from tunescope.tasks.task import Task

N_PIECES = 30_522
NAMES = {"google/bert_uncased_L-2_H-128_A-2": (2, 128, 2), "google/bert_uncased_L-4_H-256_A-4": (4, 256, 4)}


def _vocabulary() -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *letters,
        *(f"##{each}" for each in letters),
        *".?!",
    ]
    return pieces + [f"[unused{number}]" for number in range(N_PIECES - len(pieces))]


def _put_into_cache(cache: Path, name: str, sizes: tuple[int, int, int]) -> None:
    """Lay a model out as the hub's own cache does: configuration, vocabulary and weights, and no tokenizer.json."""
    import torch
    from transformers import BertConfig, BertForPreTraining

    n_layers, hidden_size, n_heads = sizes
    repository = cache / f"models--{name.replace('/', '--')}"
    revision = "0" * 40
    folder = repository / "snapshots" / revision
    folder.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=N_PIECES,
        hidden_size=hidden_size,
        num_hidden_layers=n_layers,
        num_attention_heads=n_heads,
        intermediate_size=4 * hidden_size,
    )
    BertForPreTraining(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(_vocabulary()) + "\n", encoding="utf-8")


@pytest.fixture
def study_text(tiny_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    cache = tmp_path / "hub"
    for name, sizes in NAMES.items():
        _put_into_cache(cache, name, sizes)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for split, examples in tiny_task.splits.items():
        write_edge_probing(examples, tmp_path / f"{split}.jsonl")
    models = "\n".join(f"  - {name}" for name in NAMES)
    return f"""\
study: closer-look
models:
{models}
tasks:
  - {{name: POS, format: edge-probing, train: train.jsonl, test: test.jsonl}}
layers: [0, 2]
finetune: {{epochs: 1}}
snapshots: 2
n_resamples: 20
random_split: false
"""


def _run(text: str, folder: Path) -> dict[str, list[dict[str, Any]]]:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    result = run_study(plan_study(path, device="cpu"), folder / "out")
    assert result.failures == ()
    return {
        table.key: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        for table in result.tables
    }


def test_names_on_the_hub_are_fetched_and_set_beside_the_paper(study_text: str, tmp_path: Path) -> None:
    tables = _run(study_text + "probe_at_top: linear\n", tmp_path)
    rows = {(row["model"], row["state"]): row for row in tables["representations"]}
    assert len(rows) == 4
    small, large = (name.split("/")[1] for name in NAMES)
    for model, published in ((small, 90.76), (large, 93.81)):  # the paper's models of these very sizes
        assert rows[model, "before"]["published"] == published
        assert rows[model, "before"]["mark"] == "d"  # other data than the paper's
        assert rows[model, "before"]["difference"] == pytest.approx(
            rows[model, "before"]["accuracy"] - published
        )


@pytest.mark.slow
def test_models_are_compared_by_size(study_text: str, tmp_path: Path) -> None:
    sizes = _run(study_text, tmp_path)["sizes"]
    small, large = ((name.split("/")[1], *size[:2]) for name, size in NAMES.items())
    assert [(row["state"], row["model"], row["layers"], row["hidden size"]) for row in sizes] == [
        (state, *model) for state in ("before", "after") for model in (small, large)
    ]
    for row in sizes:
        assert row["gain"] == pytest.approx(row["chosen classifier"] - row["linear classifier"])
