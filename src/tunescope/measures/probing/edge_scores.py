"""Scores of edge probes by layer, with intervals over sentences, and where in the layers a task is solved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tunescope._core.errors import InputError
from tunescope.measures.estimate import Estimate
from tunescope.measures.intervals import half_samples, interval, resampling_weights
from tunescope.measures.probing.edge_probe import EdgePrediction, EdgeProbe, EdgeProbes, check_known
from tunescope.measures.probing.labelled_spans import LabelledSpans
from tunescope.measures.probing.layer_mix import centre_of_gravity, divergence_from_uniform, expected_layers
from tunescope.measures.probing.micro_f1 import resampled_micro_f1
from tunescope.measures.scores import accuracy_estimate
from tunescope.measures.shapes import Labels, SentenceIds, WholeAndHalves
from tunescope.measures.validation import check_resampling

__all__ = ["LayerScores", "MixSummary", "ProbeScore", "expected_layer_difference", "layer_scores"]

_NO_LAYER = (
    "undefined: the cumulative scores do not rise from layer 0 to the last, or one of them is not defined"
)


@dataclass(frozen=True, eq=False)
class ProbeScore:
    """How well one probe does.

    Attributes:
        probe: The probe.
        micro_f1: Micro-F1 of the labels whose probability is at least 0.5, in [0, 1]; higher is better.
        accuracy: Share of examples whose label has the highest probability, in [0, 1]; higher is better.
        prediction: What it read, for paired comparisons.
    """

    probe: EdgeProbe
    micro_f1: Estimate
    accuracy: Estimate
    prediction: EdgePrediction


@dataclass(frozen=True, eq=False)
class MixSummary:
    """The weights of the probe that mixes all layers.

    Attributes:
        weights: Shape (layer,); softmax weights, of sum 1.
        centre_of_gravity: Σ l · s_l, a layer.
        divergence: Kullback–Leibler divergence from the uniform mix, in nats. Weights start out uniform and move at
            the pace of the learning rate: near 0, they tell nothing.
    """

    weights: Float[np.ndarray, " layer"]
    centre_of_gravity: float
    divergence: float


@dataclass(frozen=True, eq=False)
class LayerScores:
    """Scores of all probes on the same examples.

    Attributes:
        each: Those of single layers, layer 0 first; empty where there are none.
        cumulative: Those of layers 0 … l; a single one where only the full mix was trained.
        mix: The weights of the full mix; ``None`` where there is no such probe, or its training failed.
        expected_layer: The layer at which the task is solved on average, by micro-F1 of the cumulative probes.
        labels: Shape (example,); the right labels.
        sentence_ids: Shape (example,); the sentence of each example.
    """

    each: tuple[ProbeScore, ...]
    cumulative: tuple[ProbeScore, ...]
    mix: MixSummary | None
    expected_layer: Estimate
    labels: Labels
    sentence_ids: SentenceIds


def layer_scores(
    probes: EdgeProbes,
    test: LabelledSpans,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    seed: int,
    device: str = "auto",
    n_jobs: int | None = None,
) -> LayerScores:
    """Return micro-F1 and accuracy of each probe, and where in the layers the task is solved.

    All intervals are over the same half-samples of sentences. That of the expected layer leaves out that another
    training of the probes would give other scores.

    Args:
        probes: Trained probes.
        test: Examples that they were not trained on, of classes that they know.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        seed: Seed of the half-samples.
        device: As in :func:`~tunescope.measures.probing.edge_probe.fit_edge_probes`.
        n_jobs: As there.

    Raises:
        InputError: The test set has a label that training lacks, or other layers or sizes, or the resampling settings
            are out of range.
        ModelError: There is no such device.

    References:
        Tenney, Das and Pavlick 2019, "BERT Rediscovers the Classical NLP Pipeline".

    >>> from tunescope.measures.probing.edge_probe import EdgeSettings, fit_edge_probes
    >>> rng, labels = np.random.default_rng(0), np.arange(60) % 2
    >>> words = rng.normal(size=(2, 60, 4))
    >>> words[1, :, 0] += 8 * labels  # layer 1 tells the label, layer 0 does not
    >>> each_word = np.stack([np.arange(60), np.arange(60) + 1], axis=1)
    >>> train = LabelledSpans(words, each_word, labels, np.arange(60) // 3)
    >>> small = EdgeSettings(projection_size=8, learning_rate=0.01, batch_size=16)
    >>> scores = layer_scores(fit_edge_probes(train, settings=small, seed=0, device="cpu"), train, seed=0, device="cpu")
    >>> scores.each[1].accuracy.value, scores.expected_layer.value
    (1.0, 1.0)
    """
    check_resampling(n_resamples, level)
    check_known(probes.labels, test.labels, "test")
    predictions = probes.predict(test, device=device, n_jobs=n_jobs)

    weights = resampling_weights(half_samples(test.sentence_ids, n_resamples, np.random.default_rng(seed)))
    f1 = np.array([resampled_micro_f1(prediction, test.labels, weights) for prediction in predictions])
    f1[[probe.failed for probe in probes.probes]] = np.nan

    def score(probe: EdgeProbe, prediction: EdgePrediction, figures: np.ndarray) -> ProbeScore:
        if probe.failed:
            nothing = Estimate(value=math.nan, level=level, status=f"undefined: {probe.status}")
            return ProbeScore(probe, nothing, nothing, prediction)
        micro_f1 = interval(
            float(figures[0]),
            figures[1:],
            sentence_ids=test.sentence_ids,
            level=level,
            bounds=(0.0, 1.0),
            counts=True,
        )
        accuracy = accuracy_estimate(
            test.labels,
            prediction.best,
            test.sentence_ids,
            n_resamples=n_resamples,
            level=level,
            rng=np.random.default_rng(seed),  # the same half-samples
        )
        return ProbeScore(probe, micro_f1, accuracy, prediction)

    scored = tuple(map(score, probes.probes, predictions, f1))
    n_single = len(probes.each)
    return LayerScores(
        each=scored[:n_single],
        cumulative=scored[n_single:],
        mix=_summary(probes),
        expected_layer=_expected_layer(f1[n_single:], test.sentence_ids, level),
        labels=test.labels,
        sentence_ids=test.sentence_ids,
    )


def expected_layer_difference(
    before: LayerScores,
    after: LayerScores,
    *,
    n_resamples: int = 200,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Estimate:
    """Return the expected layer after minus the one before, paired over sentences.

    Args:
        before: Scores before, such as those of the base model.
        after: Scores after, on the same examples.
        n_resamples: Half-samples, at least 10; default 200.
        level: Coverage, in (0, 1); default 0.95.
        rng: Source of randomness.

    Returns:
        The shift in layers; above 0 means that later layers are needed after. NaN where one of the two is undefined.

    Raises:
        InputError: The examples are not the same, there are no cumulative probes, or the resampling settings are out
            of range.

    >>> labels, names = np.arange(20) % 2, np.array([0, 1])
    >>> right, wrong = names == labels[:, None], names != labels[:, None]
    >>> def scores(*reads):
    ...     no = Estimate(value=0.0)
    ...     mixes = tuple(ProbeScore(None, no, no, EdgePrediction(names, read, labels)) for read in reads)
    ...     return LayerScores((), mixes, None, no, labels, np.arange(20))
    >>> early, late = scores(wrong, right, right), scores(wrong, wrong, right)
    >>> expected_layer_difference(early, late, rng=np.random.default_rng(0)).value
    1.0
    """
    check_resampling(n_resamples, level)
    _check_comparable(before, after)
    weights = resampling_weights(half_samples(before.sentence_ids, n_resamples, rng))
    layers = [
        _where_defined(np.array([_resampled(score, of.labels, weights) for score in of.cumulative]))
        for of in (before, after)
    ]
    return _layer_estimate(layers[1] - layers[0], before.sentence_ids, level)


def _check_comparable(before: LayerScores, after: LayerScores) -> None:
    same = all(
        np.array_equal(getattr(before, name), getattr(after, name)) for name in ("labels", "sentence_ids")
    )
    if not same or min(len(before.cumulative), len(after.cumulative)) < 2:
        raise InputError(
            "The two cannot be compared." if same else "The two are not scores of the same examples.",
            expected="cumulative probes of at least two layers, on the same examples in the same order",
            got=" and ".join(
                f"{len(of.cumulative)} cumulative probes on {len(of.labels)} examples"
                for of in (before, after)
            ),
        )


def _expected_layer(
    f1: Float[np.ndarray, "layer sample"], sentence_ids: SentenceIds, level: float
) -> Estimate:
    if len(f1) < 2:
        return Estimate(value=math.nan, level=level, status="undefined: it takes cumulative probes")
    return _layer_estimate(_where_defined(f1), sentence_ids, level)


def _resampled(score: ProbeScore, labels: Labels, weights: WholeAndHalves) -> Float[np.ndarray, " sample"]:
    if math.isnan(score.micro_f1.value):
        return np.full(weights.shape[1], math.nan)
    return resampled_micro_f1(score.prediction, labels, weights)


def _where_defined(f1: Float[np.ndarray, "layer sample"]) -> Float[np.ndarray, " sample"]:
    """Return the expected layer of each sample; NaN where a score is not defined, as on an empty half-sample."""
    layers = np.full(f1.shape[1], math.nan)
    defined = np.isfinite(f1).all(axis=0)
    layers[defined] = expected_layers(f1[:, defined])
    return layers


def _layer_estimate(
    figures: Float[np.ndarray, " sample"], sentence_ids: SentenceIds, level: float
) -> Estimate:
    value = float(figures[0])
    status = _NO_LAYER if math.isnan(value) else "ok"
    return interval(value, figures[1:], sentence_ids=sentence_ids, level=level, status=status)


def _summary(probes: EdgeProbes) -> MixSummary | None:
    if not probes.cumulative or probes.cumulative[-1].failed:
        return None
    weights = probes.cumulative[-1].weights
    return MixSummary(weights, centre_of_gravity(weights), divergence_from_uniform(weights))
