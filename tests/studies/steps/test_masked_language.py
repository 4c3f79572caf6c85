"""The loss of the masked-language head before and after: a ratio over sentences, and a paired change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForMaskedLM

from tunescope._core.errors import InputError, ModelError
from tunescope.models.checkpoint import find_checkpoint
from tunescope.models.encoder import load_encoder
from tunescope.models.masked_language import load_masked_language_model, masked_language_losses
from tunescope.studies.engine.step_function import traits_of
from tunescope.studies.steps.domains import sentences_of_words
from tunescope.studies.steps.inputs import MODEL, model_input, task_input
from tunescope.studies.steps.masked_language import (
    compare_masked_language,
    measure_masked_language,
    read_masked_language,
)
from tunescope.studies.steps.rows import read_rows
from tunescope.tasks.edge_probing import write_edge_probing
from tunescope.tasks.example import Example, Span, Target
from tunescope.tasks.source import TaskSource
from tunescope.tasks.task import Examples, Task

SETTINGS: dict[str, Any] = {"seed": 0, "n_resamples": 200, "level": 0.9}


@pytest.fixture(scope="module")
def pretrained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pretrained")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.add_special_tokens({"mask_token": "[MASK]"})
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=64,
        initializer_range=0.3,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    return folder


def _tuned(pretrained: Path, folder: Path, noise: float) -> Path:
    """Write what a step that fine-tuned the model would leave."""
    model = AutoModel.from_pretrained(pretrained)
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(noise * torch.randn_like(parameter))
    model.save_pretrained(folder / MODEL)
    return folder


def _text(examples: Examples, path: Path) -> Any:
    write_edge_probing(examples, path)
    source = TaskSource(format="edge-probing", name=path.stem, train=str(path), test=str(path))
    return task_input(source, path.parent, source.load()).value


def _measured(folder: Path, model: Path, text: Any, tuned: Path | None = None, **settings: Any) -> Path:
    folder.mkdir()
    given: dict[str, Any] = {"n_sentences": 1000, "sample_seed": 0, **SETTINGS, **settings}
    measure_masked_language(
        folder,
        model=model_input(str(model)).value,
        tuned=tuned,
        tuned_task=text,
        text=text,
        text_set="train",
        device="cpu",
        **given,
    )
    return folder


def _compared(folder: Path, before: Path, after: Path) -> Any:
    folder.mkdir()
    compare_masked_language(folder, before=before, after=after, **SETTINGS)
    (row,) = read_rows(folder).rows
    assert row.measure == "masked_language_loss_change"
    return row.estimate


def test_the_loss_is_a_ratio_over_sentences(pretrained: Path, tiny_task: Task, tmp_path: Path) -> None:
    examples = tiny_task.splits["train"]
    folder = _measured(tmp_path / "base", pretrained, _text(examples, tmp_path / "text.jsonl"))
    sentences = [each.text for each in sentences_of_words(examples)]
    model = load_masked_language_model(find_checkpoint(pretrained), load_encoder(pretrained, device="cpu"))
    expected = masked_language_losses(model, sentences, seed=0)
    found = read_masked_language(folder)
    for name in vars(expected):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    (row,) = read_rows(folder).rows
    estimate = row.estimate
    ratio = expected.losses.sum() / expected.n_masked.sum()
    assert (row.measure, estimate.value) == ("masked_language_loss", pytest.approx(ratio))
    assert (estimate.n_examples, estimate.n_sentences) == (expected.n_masked.sum(), len(sentences))
    residuals = expected.losses - ratio * expected.n_masked  # the spread of a ratio, linearised
    error = np.sqrt(len(sentences)) * residuals.std(ddof=1) / expected.n_masked.sum()
    assert (estimate.high - estimate.low) / 2 == pytest.approx(1.671 * error, rel=0.2)
    assert estimate.level == 0.9


def test_an_untrained_copy_has_forgotten_exactly_nothing(
    pretrained: Path, tiny_task: Task, tmp_path: Path
) -> None:
    text = _text(tiny_task.splits["train"][:20], tmp_path / "text.jsonl")
    before = _measured(tmp_path / "before", pretrained, text)
    after = _measured(tmp_path / "after", pretrained, text, _tuned(pretrained, tmp_path / "tuned", 0.0))
    change = _compared(tmp_path / "change", before, after)
    assert (change.value, change.low, change.high, change.status) == (0, 0, 0, "ok")


def test_the_change_is_paired_over_sentences(pretrained: Path, tiny_task: Task, tmp_path: Path) -> None:
    text = _text(tiny_task.splits["train"], tmp_path / "text.jsonl")
    before = _measured(tmp_path / "before", pretrained, text)
    after = _measured(tmp_path / "after", pretrained, text, _tuned(pretrained, tmp_path / "tuned", 0.02))
    change = _compared(tmp_path / "change", before, after)
    losses = [read_rows(each).rows[0].estimate for each in (before, after)]
    assert change.value == pytest.approx(losses[1].value - losses[0].value, abs=1e-12)
    assert change.value != 0
    assert change.low < change.value < change.high
    assert change.high - change.low < 0.5 * (losses[0].high - losses[0].low)  # what is hard for both cancels


def test_a_sample_of_the_sentences(pretrained: Path, tiny_task: Task, tmp_path: Path) -> None:
    text = _text(tiny_task.splits["train"], tmp_path / "text.jsonl")
    few = _measured(tmp_path / "few", pretrained, text, n_sentences=7)
    assert len(read_masked_language(few).losses) == 7
    with pytest.raises(InputError, match="other masked words"):
        _compared(tmp_path / "wrong", few, _measured(tmp_path / "all", pretrained, text))
    other_masks = _measured(tmp_path / "seed", pretrained, text, n_sentences=7, seed=1)
    with pytest.raises(InputError, match="other masked words"):
        _compared(tmp_path / "wrong-too", few, other_masks)


def test_sentences_of_unknown_words_are_left_out(pretrained: Path, tiny_task: Task, tmp_path: Path) -> None:
    odd = Example("odd", ("42", "☺"), (Target("NOUN", (Span(0, 1),)), Target("VERB", (Span(1, 2),))))
    known = tiny_task.splits["train"][:6]
    folder = _measured(tmp_path / "some", pretrained, _text((*known, odd), tmp_path / "some.jsonl"))
    assert read_rows(folder).notes == (
        "Sentences without a word that the tokenizer knows are left out: 1 of 7.",
    )
    assert len(read_masked_language(folder).losses) == len(sentences_of_words(known))
    with pytest.raises(InputError, match="no sentence to mask"):
        _measured(tmp_path / "none", pretrained, _text((odd,), tmp_path / "none.jsonl"))


def test_a_model_without_the_head_is_refused(tiny_model: Path, tiny_task: Task, tmp_path: Path) -> None:
    text = _text(tiny_task.splits["train"][:6], tmp_path / "text.jsonl")
    with pytest.raises(ModelError, match="no head that guesses masked words"):
        _measured(tmp_path / "base", tiny_model, text)


def test_the_steps_are_steps() -> None:
    assert traits_of(measure_masked_language).gpu
    assert not traits_of(compare_masked_language).gpu
