"""A linear probe on an untuned encoder leaves room for fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tunescope.tasks.treebank import TreebankSentence

_REASONABLE_C = (0.003, 0.03, 0.3)


@pytest.mark.slow
def test_a_linear_probe_on_the_untuned_model_is_not_enough(minilm, splits):
    train, test = _vectors(minilm, splits["train"]), _vectors(minilm, splits["test"])
    train_tags, test_tags = _tags(splits["train"]), _tags(splits["test"])
    accuracies = []
    for c in _REASONABLE_C:
        # converging fully takes minutes and changes the third digit
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000, tol=1e-2))
        accuracies.append(probe.fit(train, train_tags).score(test, test_tags))
    assert 0.8 < max(accuracies) <= 0.95


def _tags(sentences: Sequence[TreebankSentence]) -> list[str]:
    return [tag for sentence in sentences for tag in sentence.tags]


def _vectors(folder: Path, sentences: Sequence[TreebankSentence]) -> np.ndarray:
    """Return the top layer's vector of every word, the mean over its subwords."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    rows: list[np.ndarray] = []
    for start in range(0, len(sentences), 64):
        batch = [list(sentence.words) for sentence in sentences[start : start + 64]]
        encoded = tokenizer(batch, is_split_into_words=True, padding=True, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**encoded).last_hidden_state.numpy()
        for i, words in enumerate(batch):
            word_ids = np.array([-1 if w is None else w for w in encoded.word_ids(i)])
            rows += [hidden[i, word_ids == position].mean(axis=0) for position in range(len(words))]
    return np.stack(rows)
