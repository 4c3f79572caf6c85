"""Makes comparisons that look like real ones, for the tests of the report."""

from __future__ import annotations

import math
from typing import Any

from tunescope.measures.estimate import Estimate
from tunescope.studies.comparison import (
    ChangedPrediction,
    Comparison,
    DataInfo,
    DrawnTree,
    Measurement,
    ModelInfo,
    PathPoint,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "<b>x</b>",
    "javascript:alert(1)",
    "$x$ and \\$y\\$",
    "%{x} {{ 7 * 7 }}",
    "long " * 60,
    "Unbroken" * 40,
    "שלום עולם \u202eright-to-left",
    "NUL\x00 and \x1b[31m",
    "_leading & &lt;entity&gt;",
    "",
    "line\u2028separator",
)
LABELS = ("NOUN", "VERB", "ADJ", "ADV", "PRON", "DET", "ADP", "NUM", "PROPN", "PUNCT", "AUX", "CCONJ")
STEPS = (0, 10, 20, 40, 80, 160)
N_LAYERS = 6


def estimate(value: float, half: float = 0.01, **fields: Any) -> Estimate:
    """Return an estimate with a symmetric interval; without one where ``half`` is 0 or the value is NaN."""
    ends = {} if not half or math.isnan(value) else {"low": value - half, "high": value + half}
    return Estimate(**{"value": value, **ends, "n_examples": 1831, "n_sentences": 200, **fields})


def make_comparison(
    *,
    before: float = 0.861,
    gain: float = 0.069,
    outside_gain: float = 0.021,
    metric: str = "accuracy",
    outside: str = "reviews",
    labels: tuple[str, ...] = LABELS,
    with_head: bool = True,
    with_control: bool = True,
    with_steps: bool = True,
    **fields: Any,
) -> Comparison:
    """Return a comparison of six layers on a train, a test and an out-of-domain set."""
    gains = {"test": gain, outside: outside_gain}
    measurements = [
        *_scores(metric, before, gains, with_head=with_head),
        *(_control(metric, before) if with_control else ()),
        *_similarity(("test", "train", outside)),
        *_cones(("test", "train", outside)),
        *_centroids(labels),
        *_clusters(labels),
        *_probes(),
        *_trees(),
        *_weights(None, 1.0),
        *(_snapshots(metric, before, gain) if with_steps else ()),
    ]
    defaults: dict[str, Any] = {
        "base": _model("all-MiniLM-L6-v2", "ab12" * 16),
        "tuned": _model("minilm-pos", "cd34" * 16, head="linear over 12 classes"),
        "task": "treebank-upos",
        "target": "token",
        "label_kind": "class",
        "metric": metric,
        "data": _data(outside),
        "n_layers": N_LAYERS,
        "steps": STEPS if with_steps else (),
        "measurements": tuple(measurements),
        "changed": _changed(labels),
        "centroid_path": _path(labels) if with_steps else (),
        "trees": _drawn_trees(),
        "path_variance": 0.83 if with_steps else math.nan,
        "notes": ("There is no development set.",),
        "settings": {
            "max_targets": 2000,
            "n_resamples": 200,
            "level": 0.95,
            "seed": 0,
            "long_sentences": "error",
        },
    }
    return Comparison(**{**defaults, **fields})


def make_empty_comparison(**fields: Any) -> Comparison:
    """Return a comparison that holds no figure at all."""
    nothing: dict[str, Any] = {
        "data": (),
        "steps": (),
        "measurements": (),
        "changed": (),
        "centroid_path": (),
        "trees": (),
        "notes": (),
        "settings": {},
        "path_variance": math.nan,
    }
    return make_comparison(**{**nothing, **fields})


def make_hostile_comparison() -> Comparison:
    """Return a comparison whose every text tries to be something else."""
    changed = tuple(
        ChangedPrediction(
            sentence_id=text, text=f"{text} tail", target=text, gold=text, before=text, after="right"
        )
        for text in HOSTILE
    )
    comparison = make_comparison(
        outside=HOSTILE[0],
        labels=HOSTILE,
        base=_model(HOSTILE[1], HOSTILE[0], head=HOSTILE[2], adapter=HOSTILE[4]),
        tuned=_model(HOSTILE[7], HOSTILE[3]),
        task=HOSTILE[8],
        changed=changed,
        notes=HOSTILE,
        settings={text: text for text in HOSTILE},
    )
    broken = estimate(math.nan, status=HOSTILE[0])
    odd = [
        Measurement(measure="weight_change", subject="both", part=text, estimate=estimate(0.1, 0))
        for text in HOSTILE
    ]
    undefined = [Measurement(measure="rsa", subject="both", split="dev", layer=0, estimate=broken)]
    return comparison.model_copy(update={"measurements": (*comparison.measurements, *odd, *undefined)})


def replace_measurements(comparison: Comparison, **place: Any) -> Comparison:
    """Return the comparison with the estimate of all measurements at ``place`` replaced by ``place["estimate"]``."""
    new = place.pop("estimate")
    chosen = set(map(id, comparison.select(**place)))
    changed = tuple(
        m.model_copy(update={"estimate": new}) if id(m) in chosen else m for m in comparison.measurements
    )
    return comparison.model_copy(update={"measurements": changed})


def _model(name: str, sha256: str, **fields: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        architecture="BertModel",
        n_layers=N_LAYERS,
        hidden_size=384,
        n_parameters=22_713_216,
        weights_sha256=sha256,
        **fields,
    )


def _data(outside: str) -> tuple[DataInfo, ...]:
    return tuple(
        DataInfo(
            split=split,
            domain="out" if split == outside else "in",
            n_sentences=n,
            n_targets=9 * n,
            n_labels=12,
            left_out=left_out,
            n_measured=min(9 * n, 2000),
        )
        for split, n, left_out in (("train", 800, 0), ("test", 200, 3), (outside, 64, 0))
    )


def _scores(metric: str, before: float, gains: dict[str, float], *, with_head: bool) -> list[Measurement]:
    found = []
    for split, gain in gains.items():
        drop = 0.0 if split == "test" else 0.12
        for layer in range(N_LAYERS + 1):
            base = (
                before - drop + 0.03 * math.sin(layer) - 0.03 * math.sin(N_LAYERS) - 0.02 * (N_LAYERS - layer)
            )
            tuned = base + gain * 0.96 * (layer / N_LAYERS) ** 2
            place: dict[str, Any] = {"measure": f"probe_{metric}", "split": split, "layer": layer}
            found += [
                Measurement(subject="base", estimate=estimate(base, 0.012), **place),
                Measurement(subject="tuned", estimate=estimate(tuned, 0.011), **place),
                Measurement(subject="difference", estimate=estimate(tuned - base, 0.009), **place),
            ]
        place = {"measure": f"head_{metric}", "split": split}
        if with_head:
            head, difference = estimate(before - drop + gain, 0.01), estimate(gain, 0.009)
            found += [
                Measurement(subject="tuned", estimate=head, **place),
                Measurement(subject="difference", estimate=difference, **place),
            ]
        majority = Measurement(
            measure=f"majority_{metric}", subject="baseline", split=split, estimate=estimate(0.183)
        )
        found.append(majority)
    return found


def _control(metric: str, before: float) -> list[Measurement]:
    place: dict[str, Any] = {"split": "test", "partition": "random"}
    top = {**place, "measure": f"probe_{metric}", "layer": N_LAYERS}
    return [
        Measurement(subject="base", estimate=estimate(before + 0.035, 0.01), **top),
        Measurement(measure=f"majority_{metric}", subject="baseline", estimate=estimate(0.188), **place),
    ]


def _rsa(layer: int, share: float = 1.0) -> float:
    return 1 - share * 0.62 / (1 + math.exp(1.7 * (4.2 - layer)))


def _similarity(splits: tuple[str, ...]) -> list[Measurement]:
    found = []
    for number, split in enumerate(splits):
        for layer in range(N_LAYERS + 1):
            rsa = _rsa(layer, (1.0, 1.1, 0.75)[number])
            values = {
                "rsa": rsa,
                "cka": rsa**1.2,
                "procrustes_distance": 2 * (1 - rsa) ** 0.8,
                "neighbourhood_overlap": rsa**2,
            }
            half = 0.004 + 0.03 * (1 - rsa)
            found += [
                Measurement(
                    measure=key, subject="both", split=split, layer=layer, estimate=estimate(value, half)
                )
                for key, value in values.items()
            ]
    return found


def _cones(splits: tuple[str, ...]) -> list[Measurement]:
    values = {
        "base": lambda layer: 0.22 + 0.02 * layer,
        "tuned": lambda layer: 0.22 + 0.02 * layer + 0.005 * layer**2,
    }
    return [
        Measurement(
            measure="mean_cosine",
            subject=subject,
            split=split,
            layer=layer,
            estimate=estimate(value(layer), 0.008),
        )
        for split in splits
        for subject, value in values.items()
        for layer in range(N_LAYERS + 1)
    ]


def _centroids(labels: tuple[str, ...]) -> list[Measurement]:
    return [
        Measurement(
            measure="centroid_shift",
            subject="both",
            split="test",
            layer=layer,
            label=label,
            estimate=estimate((0.05 + 0.4 * (layer / N_LAYERS) ** 3) * (1 + math.cos(3 * i)), 0.02),
        )
        for layer in range(N_LAYERS + 1)
        for i, label in enumerate(labels)
    ]


def _probes() -> list[Measurement]:
    """Perceptrons, codelengths and edge probes: the lower layers stay, the upper ones gain."""
    found = [
        Measurement(
            measure="random_vectors_accuracy", subject="baseline", split="test", estimate=estimate(0.71)
        ),
    ]
    for layer in range(N_LAYERS + 1):
        gain = 0.03 * max(0, layer - 3)
        for measure, base, split in (
            ("perceptron_accuracy", 0.84, "test"),
            ("control_accuracy", 0.6, "test"),
            ("selectivity", 0.24, "test"),
            ("compression", 4.1, "train"),
            ("control_compression", 1.2, "train"),
            ("edge_f1", 0.86, "test"),
            ("edge_f1_cumulative", 0.88, "test"),
            ("mix_weight", 0.14, "train"),
        ):
            place: dict[str, Any] = {"measure": measure, "split": split, "layer": layer}
            found.append(Measurement(subject="base", estimate=estimate(base), **place))
            found.append(Measurement(subject="tuned", estimate=estimate(base + gain), **place))
            if measure in ("perceptron_accuracy", "compression", "edge_f1", "edge_f1_cumulative"):
                found.append(Measurement(subject="difference", estimate=estimate(gain), **place))
    for subject, value in (("base", 1.6), ("tuned", 1.1), ("difference", -0.5)):
        place = {"subject": subject, "split": "test"}
        found.append(Measurement(measure="expected_layer", estimate=estimate(value, 0.2), **place))
    return found


def _trees() -> list[Measurement]:
    """Structural probes: the trees are lost in the upper layers."""
    found = []
    for measure in ("uuas", "dspr", "nspr", "root_accuracy"):
        for layer in range(N_LAYERS + 1):
            loss = -0.05 * max(0, layer - 3)
            for subject, value in (("base", 0.7), ("tuned", 0.7 + loss), ("difference", loss)):
                found.append(
                    Measurement(measure=measure, subject=subject, layer=layer, estimate=estimate(value))
                )
        for baseline, value in (("linear_chain", 0.43), ("random_tree", 0.15)):
            key = f"{measure}_{baseline}"
            found.append(Measurement(measure=key, subject="baseline", estimate=estimate(value)))
    return found


def _drawn_trees() -> tuple[DrawnTree, ...]:
    words = ("The", "old", HOSTILE[0], "sleeps", "on", "mats", ".")
    gold = ((0, 2), (1, 2), (2, 3), (3, 5), (4, 5))
    base, tuned = ((0, 1), (1, 2), (2, 3), (3, 5), (4, 5)), ((0, 2), (1, 2), (2, 3), (3, 4), (4, 5))
    return (DrawnTree(sentence_id="s1", words=words, layer=3, gold=gold, base=base, tuned=tuned),)


def _clusters(labels: tuple[str, ...]) -> list[Measurement]:
    found = []
    for subject, growth in (("base", 0.0), ("tuned", 0.9)):
        for layer in range(N_LAYERS + 1):
            place: dict[str, Any] = {"subject": subject, "split": "train", "layer": layer}
            count = len(labels) + max(0, 3 - layer)
            found.append(Measurement(measure="clusters", estimate=estimate(count, 0), **place))
            found.append(Measurement(measure="shared_vectors", estimate=estimate(0, 0), **place))
            found.append(Measurement(measure="fragile_decisions", estimate=estimate(2, 0), **place))
            found += [
                Measurement(
                    measure="minimum_distance",
                    label=label,
                    estimate=estimate((0.4 + 0.05 * i) * (1 + growth * layer / N_LAYERS), 0),
                    **place,
                )
                for i, label in enumerate(labels)
            ]
            alike = {"subject": subject, "split": "test", "layer": layer}
            found += [
                Measurement(
                    measure=measure, estimate=estimate(0.9 - 0.01 * layer, 0), partition=part, **alike
                )
                for measure in ("train_test_similarity", "train_test_similarity_large")
                for part in ("given", "random")
                if (subject, part) != ("tuned", "random")
            ]
        top = {"subject": subject, "split": "train", "layer": N_LAYERS}
        found.append(Measurement(measure="clusters_shuffled", estimate=estimate(31, 0), **top))
        found += [
            Measurement(
                measure="label_distance",
                label=label,
                other_label=other,
                estimate=estimate((0.5 + 0.02 * (i + j)) * (1 + growth), 0),
                **top,
            )
            for i, label in enumerate(labels)
            for j, other in enumerate(labels)
            if i < j
        ]
    both: dict[str, Any] = {"subject": "both", "split": "train", "layer": N_LAYERS}
    values = {
        "spatial_similarity": 0.83,
        "centroid_rotation_share": 0.31,
        "centroid_scaling_share": 0.4,
        "centroid_remaining_share": 0.29,
        "centroid_directions": 7.2,
    }
    return found + [
        Measurement(measure=key, estimate=estimate(value, 0), **both) for key, value in values.items()
    ]


def _weights(step: int | None, share: float) -> list[Measurement]:
    parts = ["embeddings", *(f"layer {layer}" for layer in range(1, N_LAYERS + 1))]
    return [
        Measurement(
            measure="weight_change",
            subject="both",
            part=part,
            step=step,
            estimate=Estimate(value=share * (0.012 + 0.009 * i)),
        )
        for i, part in enumerate(parts)
    ]


def _snapshots(metric: str, before: float, gain: float) -> list[Measurement]:
    found = []
    for step in STEPS:
        done = 1 - math.exp(-step / 25)
        found += _weights(step, done)
        score = estimate(before + gain * done, 0.01)
        found.append(
            Measurement(measure=f"head_{metric}", subject="tuned", split="test", step=step, estimate=score)
        )
        probe = estimate(before + 0.95 * gain * done, 0.01)
        place: dict[str, Any] = {"split": "test", "step": step}
        found.append(
            Measurement(measure=f"probe_{metric}", subject="tuned", layer=N_LAYERS, estimate=probe, **place)
        )
        for layer in range(N_LAYERS + 1):
            value = _rsa(layer, done)
            similar = estimate(value, 0.004 + 0.03 * (1 - value))
            found += [
                Measurement(measure=key, subject="both", layer=layer, estimate=similar, **place)
                for key in ("rsa", "cka")
            ]
    return found


def _changed(labels: tuple[str, ...]) -> tuple[ChangedPrediction, ...]:
    if not labels:
        return ()
    rows = (
        ("The old man the boats by the harbour .", "man", 1, 0, 1),
        ("They were building a new station .", "building", 1, 0, 1),
        ("Better late than never .", "late", 3, 2, 3),
        ("She sings well in the choir .", "well", 3, 3, 2),
        ("He made the most of it .", "most", 0, 2, 3),
    )
    n = len(labels)
    return tuple(
        ChangedPrediction(
            sentence_id=f"w{i:05d}",
            text=text,
            target=target,
            gold=labels[gold % n],
            before=labels[before % n],
            after=labels[after % n],
        )
        for i, (text, target, gold, before, after) in enumerate(rows)
    )


def _path(labels: tuple[str, ...]) -> tuple[PathPoint, ...]:
    points = []
    for i, label in enumerate(labels):
        angle = 2 * math.pi * i / len(labels)
        for step in STEPS:
            done = 1 - math.exp(-step / 25)
            radius = 0.3 + (0.8 + 0.3 * math.cos(5 * i)) * done
            turn = angle + 0.4 * done
            points.append(
                PathPoint(label=label, step=step, x=radius * math.cos(turn), y=radius * math.sin(turn))
            )
    return tuple(points)
