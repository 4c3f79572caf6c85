"""Control tasks: labels that a probe can only have learnt by heart (Hewitt and Liang 2019)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import mean_estimate
from tunescope.measures.scores import per_example_correct
from tunescope.measures.shapes import Labels, SentenceIds
from tunescope.measures.validation import check_labels

__all__ = ["control_labels", "selectivity"]


def control_labels(
    train_words: Shaped[np.ndarray, " train"],
    train_labels: Shaped[np.ndarray, " train"],
    test_words: Shaped[np.ndarray, " test"],
    *,
    rng: np.random.Generator,
) -> tuple[Shaped[np.ndarray, " train"], Shaped[np.ndarray, " test"]]:
    """Give every word type a label of its own, drawn once by the training labels' frequencies.

    Every occurrence of a word, in training and in test, has that label. So the labels are those of the task, alike in
    frequency, and a probe can do well only by remembering words: what a probe scores here is its own
    capacity to memorise, not what the vectors know.

    Args:
        train_words: The word of each training example: the token, or for a pair both, as one text.
        train_labels: The label of each training example.
        test_words: The word of each test example.
        rng: Source of randomness.

    Returns:
        The labels of the training and of the test examples.

    Raises:
        InputError: There is no training example, or not one word for each label.

    >>> words = np.array(["a", "b", "a", "c"])
    >>> train, test = control_labels(words, np.array(["X", "Y", "X", "Y"]), np.array(["c", "a"]),
    ...                              rng=np.random.default_rng(0))
    >>> bool(train[0] == train[2] == test[1]), bool(train[3] == test[0])
    (True, True)
    """
    labels = check_labels(train_labels, len(train_labels), "train_labels")
    words = check_labels(train_words, len(labels), "train_words")
    if not len(words):
        raise InputError("There is no training example.", where="train_words", expected="at least one")
    types, numbers = np.unique(np.concatenate([words, test_words]), return_inverse=True)
    classes, counts = np.unique(labels, return_counts=True)
    drawn = classes[rng.choice(len(classes), size=len(types), p=counts / counts.sum())]
    of_example = drawn[numbers]
    return of_example[: len(words)], of_example[len(words) :]


def selectivity(
    gold: Labels,
    predicted: Labels,
    control_gold: Labels,
    control_predicted: Labels,
    sentence_ids: SentenceIds,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return accuracy on the task minus accuracy on its control task, paired over sentences.

    Args:
        gold: Shape (example,); the task's labels.
        predicted: Shape (example,); what the task's probe reads.
        control_gold: Shape (example,); the control task's labels of the same examples.
        control_predicted: Shape (example,); what the control task's probe reads.
        sentence_ids: Shape (example,); the sentence of each example.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The selectivity, in [−1, 1]; higher means that the probe's accuracy owes less to its memory.

    Raises:
        InputError: The lengths differ, there is no example, or the resampling settings are out of range.

    >>> gold = np.array(["a", "b"] * 10)
    >>> selectivity(gold, gold, gold, np.array(["a"] * 20), np.arange(20), rng=np.random.default_rng(0)).value
    0.5
    """
    control = per_example_correct(control_gold, control_predicted)
    if len(control) != len(gold):
        raise InputError(
            "The control task's labels are not of the same examples.",
            expected=f"{len(gold)}",
            got=len(control),
        )
    gain = per_example_correct(gold, predicted) - control.astype(np.float64)
    return mean_estimate(
        gain, sentence_ids, bounds=(-1.0, 1.0), counts=True, n_resamples=n_resamples, level=level, rng=rng
    )
