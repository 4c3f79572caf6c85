"""Checkpoints in the states in which users have them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tunescope._core.errors import ModelError
from tunescope.models.checkpoint import find_checkpoint, state_hash
from tunescope.models.devices import choose_device
from tunescope.models.encoder import load_encoder
from tunescope.models.heads.make_head import load_head
from tunescope.models.tuned import load_tuned
from tunescope.tasks.example import Example, LabelKind, Target, TargetKind
from tunescope.tasks.task import Task


@pytest.fixture
def copied(tiny_model: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    return folder


def _change_config(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_model_without_a_tokenizer_is_refused(copied: Path, tiny_model: Path) -> None:
    for path in copied.glob("token*"):
        path.unlink()
    with pytest.raises(ModelError, match="has no tokenizer"):
        load_encoder(copied, device="cpu")
    borrowed = load_encoder(copied, device="cpu", tokenizer_of=find_checkpoint(tiny_model))
    assert (
        borrowed.tokenizer("the cat")["input_ids"]
        == load_encoder(tiny_model).tokenizer("the cat")["input_ids"]
    )


def test_the_state_depends_on_weights_and_tokenizer(copied: Path, tiny_model: Path) -> None:
    assert state_hash(find_checkpoint(copied)) == state_hash(find_checkpoint(tiny_model))
    (copied / "tokenizer.json").write_text((copied / "tokenizer.json").read_text().replace('"cat"', '"cow"'))
    assert state_hash(find_checkpoint(copied)) != state_hash(find_checkpoint(tiny_model))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be loaded"),
        (lambda folder: (folder / "config.json").write_text("[]"), "cannot be loaded"),
        (lambda folder: _change_config(folder, num_hidden_layers="two"), "cannot be loaded"),
        (lambda folder: _change_config(folder, model_type="no-such-model"), "cannot be loaded"),
        (lambda folder: _change_config(folder, num_hidden_layers=3), "lacks weights"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no weights"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"xx"), "cannot be loaded"),
    ],
)
def test_damaged_models(copied: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(copied)
    with pytest.raises(ModelError, match=message):
        load_encoder(copied, device="cpu")


def test_code_of_a_models_own_is_not_run(copied: Path) -> None:
    _change_config(
        copied, model_type="custom", auto_map={"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}
    )
    (copied / "evil.py").write_text(f"open({str(copied / 'ran')!r}, 'w')")
    with pytest.raises(ModelError):
        load_encoder(copied, device="cpu")
    assert not (copied / "ran").exists()


def test_a_damaged_task_head(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="task head cannot be read"):
        load_head(copied, 16)
    (copied / "task_head.json").write_text(
        '{"task": "t", "target": "token", "label": "class", "pooling": "mean", "labels": ["a", "b"]}'
    )
    (copied / "task_head.safetensors").write_bytes(b"xx")
    with pytest.raises(ModelError, match="task head cannot be read"):
        load_head(copied, 16)
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3, 16), "bias": torch.zeros(3)}, copied / "task_head.safetensors")
    with pytest.raises(ModelError, match="do not fit its labels"):
        load_head(copied, 16)


def _adapter(folder: Path, model: Path, cls_name: str, **options: object) -> Path:
    peft = pytest.importorskip("peft", reason="the extra peft is not installed")
    import transformers

    base = getattr(transformers, cls_name).from_pretrained(model, num_labels=3)
    config = peft.LoraConfig(r=2, init_lora_weights=False, **options)
    peft.get_peft_model(base, config).save_pretrained(folder)
    return folder


def test_a_head_with_weights_that_nobody_saved_is_not_scored(copied: Path, tmp_path: Path) -> None:
    """The pooler is a part of BERT's head for whole texts; here neither base nor adapter has it."""
    from safetensors.torch import load_file, save_file

    weights = {k: v for k, v in load_file(copied / "model.safetensors").items() if "pooler" not in k}
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    folder = _adapter(tmp_path / "a", copied, "AutoModelForSequenceClassification", task_type="SEQ_CLS")
    texts = tuple(Example(str(i), "the cat", (Target(f"LABEL_{i}"),)) for i in range(3))
    task = Task("t", TargetKind.SENTENCE, LabelKind.CLASS, {"train": texts, "test": texts})
    tuned = load_tuned(folder, task, base=find_checkpoint(copied), device="cpu")
    assert tuned.predict is None
    assert "not saved with the adapter (bert.pooler.dense.bias" in tuned.notes[0]


def test_adapters_that_cannot_be_merged_or_placed(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    folder = _adapter(tmp_path / "a", tiny_model, "AutoModel")
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "peft_type": "PROMPT_TUNING"}))
    with pytest.raises(ModelError, match="nothing to merge"):
        load_tuned(folder, tiny_task, base=find_checkpoint(tiny_model))
    path.write_text(json.dumps({**config, "base_model_name_or_path": None}))
    with pytest.raises(ModelError, match="does not name its base"):
        load_tuned(folder, tiny_task)
    path.write_text(json.dumps(config))
    (folder / "adapter_model.safetensors").write_bytes(b"xx")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_tuned(folder, tiny_task, base=find_checkpoint(tiny_model))


def test_encoder_decoders_are_read_but_not_trained(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    from transformers import T5Config, T5Model

    from tunescope.finetuning.finetune import finetune

    folder = tmp_path / "t5"
    config = T5Config(vocab_size=80, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, pad_token_id=0)
    T5Model(config).save_pretrained(folder)
    for path in tiny_model.glob("token*"):
        shutil.copy(path, folder)
    assert load_encoder(folder, device="cpu").n_layers == 2
    with pytest.raises(ModelError, match="Encoder-decoders cannot be fine-tuned"):
        finetune(folder, tiny_task, tmp_path / "run", device="cpu")


def test_devices() -> None:
    assert choose_device("auto").type in ("cpu", "cuda")
    with pytest.raises(ModelError, match="no such device"):
        choose_device("abacus")
