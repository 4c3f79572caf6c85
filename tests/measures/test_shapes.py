"""The annotated shapes hold: every public function runs under jaxtyping and beartype, in a process of its own.

In a process of its own, because the import hook reaches only modules that were not imported before it.
"""

from __future__ import annotations

import subprocess
import sys

HOOK = """
import pkgutil
from jaxtyping import TypeCheckError, install_import_hook
import tunescope.measures
modules = [module.name for module in pkgutil.walk_packages(tunescope.measures.__path__, "tunescope.measures.")
           if not module.ispkg and ".hulls." not in module.name]  # what is compiled cannot be checked
hook = install_import_hook(modules, "beartype.beartype")
import numpy as np
rng = np.random.default_rng(0)
"""

SCRIPT = """
from tunescope.measures import intervals, scores
from tunescope.measures.geometry import (
    centroid_movement, centroids, cluster_spread, controls, directprobe, hull_distance, label_distances,
    principal_plane, spatial_similarity,
)
from tunescope.measures.landscape import (
    barrier, basin_area, distance_travelled, path_axes, path_projection, surface_agreement, width,
)
from tunescope.measures.probing import (
    codelength, control_task, edge_probe, edge_scores, edge_settings, forgetting, labelled_spans, linear_probe,
    mlp_settings, parsed_sentences, probe_grid, structural_baselines, structural_probe, structural_scores,
)
from tunescope.measures.similarity import (
    anisotropy, canonical_correlation, cka, cka_map, intrinsic_dimension, isotropy, minibatch_cka, neighbourhoods,
    onset, procrustes, rbf_cka, rsa, unpaired_onset,
)
from tunescope.measures.weights import intruder_dimensions, task_vectors, update_spectra, weight_change

for dtype in (np.float32, np.float64):
    x, y = rng.normal(size=(40, 6)).astype(dtype), rng.normal(size=(40, 5)).astype(dtype)
    ids, labels = np.arange(40) // 4, np.array(["a", "b"] * 20)
    for estimate in (
        rsa.rsa_estimate, cka.cka_estimate, procrustes.procrustes_estimate,
        neighbourhoods.neighbourhood_overlap_estimate, rbf_cka.rbf_cka_estimate,
    ):
        assert estimate(x, y, ids, n_resamples=20, rng=rng).has_interval
    assert anisotropy.mean_cosine_estimate(x, ids, rng=rng).has_interval
    rsa.rsa(x, y), cka.cka(x, y), cka.plain_cka(x, y), procrustes.procrustes_distance(x, y)
    for similarity in ("cosine", "correlation", "euclidean"):
        for compare in ("pearson", "spearman"):
            kind = {"similarity": similarity, "compare": compare}
            assert -1 <= rsa.rsa(x, y, **kind) <= 1
            assert rsa.rsa_estimate(x, y, ids, **kind, n_resamples=20, rng=rng).has_interval
    rbf_cka.rbf_cka(x, y), rbf_cka.rbf_cka_estimate(x, y, ids, debiased=False, n_resamples=20, rng=rng)
    for debiased in (True, False):
        assert cka_map.cka_map([x, y], np.stack([x, -x]), debiased=debiased, n_jobs=1).shape == (2, 2)
    one, several = minibatch_cka.MinibatchCKA(n_jobs=1), minibatch_cka.MinibatchCKA(n_jobs=1)
    one.update(x, y), several.update([x, y], np.stack([x, -x]))
    assert one.value < 1 and several.map.shape == (2, 2) and several.status == "ok"
    canonical_correlation.canonical_correlations(x, y), canonical_correlation.directions_kept(x)
    for name in ("svcca", "pwcca"):
        figure = getattr(canonical_correlation, name)(x, y)
        estimate = getattr(canonical_correlation, name + "_estimate")
        assert 0 < figure == estimate(x, y, ids, n_resamples=20, rng=rng).value
    for module, name in (
        (intrinsic_dimension, "two_nn"), (intrinsic_dimension, "participation_ratio"), (isotropy, "isotropy"),
        (isotropy, "iso_score"),
    ):
        figure = getattr(module, name)(x)
        assert 0 < figure == getattr(module, name + "_estimate")(x, ids, n_resamples=20, rng=rng).value
    intrinsic_dimension.participation_ratio(x, debiased=True)
    intrinsic_dimension.participation_ratio_estimate(x, ids, debiased=True, n_resamples=20, rng=rng)
    states = [x, y], [x, y + 1]
    assert onset.onset_layer(*states, ids, again=states[0], n_resamples=20, rng=rng).layer == 1
    assert onset.onset_layer(np.stack([x, x]), np.stack([x, x]), ids, n_resamples=20, rng=rng).layer is None
    assert unpaired_onset.onset_layer_unpaired(*states, ids, ids, n_permutations=99, rng=rng).status == "ok"
    centroids.centroid_shift(x, x + 1, labels)
    assert centroids.centroid_shift_estimates(x, x + 1, labels, ids, rng=rng)["a"].has_interval
    centroids.centroid_path([x, x + 1], labels)
    found = directprobe.direct_probe(x[:, :2], labels)
    assert found.verify(x[:, :2]).holds and not found.is_linear
    fixed = label_distances.cluster_distances(x, labels, found.clusters)
    assert fixed.minimum()["a"] > 0 and label_distances.label_distances(x, labels).names == ("a", "b")
    spatial_similarity.spatial_similarity(fixed, fixed), hull_distance.hull_distance(x[:5], x[5:9])
    controls.vacuity(x, labels), controls.shuffled_clusters(x, labels, rng=rng)
    cluster_spread.cluster_spread(x, found.clusters)
    middles = centroids.label_centroids(x, labels)[1]
    centroid_movement.centroid_movement(middles, middles + 1), principal_plane.difference_plane(middles, middles + 1)
    probe = linear_probe.fit_linear_probe(x, labels, seed=0)
    scores.accuracy_estimate(labels, probe.predict(x), ids, rng=rng)
    scores.accuracy_difference(labels, probe.predict(x), labels, ids, rng=rng)
    scores.score_estimate(scores.accuracy, labels, probe.predict(x), ids, rng=rng)
    scores.score_difference(scores.accuracy, labels, probe.predict(x), labels, ids, rng=rng)
    regression = linear_probe.fit_linear_regression_probe(x, x[:, 0], seed=0)
    intervals.mean_estimate(regression.predict(x), ids, rng=rng)
    base, tuned = {"h.0.w": x}, {"h.0.w": x + 1}
    weight_change.weight_change(base, tuned), task_vectors.task_vector_cosine(base, tuned, {"h.0.w": x - 1})
    update_spectra.update_spectra(base, tuned), intruder_dimensions.intruder_dimensions(base, tuned)
    intruder_dimensions.intruder_dimensions({"h.0.w": x.T}, {"h.0.w": x.T + 1})
    read = probe.predict(x)
    forgetting.forgetting(labels, read, labels, np.array(["a"] * 40), ids, n_resamples=20, rng=rng)
    few = mlp_settings.MLPSettings(max_epochs=3)
    grid = probe_grid.probe_grid(
        x, labels, hidden_sizes=[(4,), ()], penalties=[0.1], n_folds=2, sentence_ids=ids, settings=few, seed=0
    )
    grid.accuracies(x, labels)
    control, _ = control_task.control_labels(labels, labels, labels[:3], rng=rng)
    control_task.selectivity(labels, labels, control, control, ids, rng=rng)
    code = codelength.online_codelength(x, labels, sentence_ids=ids, max_epochs=3, seed=0, device="cpu")
    codelength.compression_estimate(code, ids, rng=rng), codelength.compression_difference(code, code, ids, rng=rng)
    spans = labelled_spans.LabelledSpans(x[None], np.stack([np.arange(40), np.arange(40) + 1], axis=1), labels, ids)
    edges = edge_probe.fit_edge_probes(
        spans, settings=edge_settings.EdgeSettings(projection_size=4, max_epochs=2), seed=0, device="cpu"
    )
    edge_scores.layer_scores(edges, spans, n_resamples=20, seed=0, device="cpu")
    parsed = parsed_sentences.ParsedSentences(x[None], np.tile([0, 1, 2, 3, 4], 8), np.full(8, 5), np.ones(40, bool))
    fit = structural_probe.fit_structural_probe
    probes = [fit(parsed, kind=kind, rank=3, epochs=2, seed=0) for kind in ("distance", "depth")]
    structured = structural_scores.evaluate_structural_probe(*probes, parsed, n_resamples=20, rng=rng)
    structural_scores.structural_difference(structured.sentences, structured.sentences, n_resamples=20, rng=rng)
    structural_baselines.linear_chain_scores(parsed, n_resamples=20, rng=rng)
    structural_baselines.random_tree_scores(parsed, n_resamples=20, rng=rng)
axis, other_axis = np.linspace(-1, 1, 5), np.linspace(-1, 1, 4)
losses = np.outer(axis**2, rng.uniform(1, 2, 12)) + 0.1
surface = losses[:, None, :] + (other_axis**2)[None, :, None]
twelve = np.arange(12) // 2
for rise in (0.2, 0.5):
    width.width(axis, losses.mean(axis=1), rise=rise)
    width.width_estimate(axis, losses, twelve, rise=rise, n_resamples=20, rng=rng)
    basin_area.basin_area(axis, other_axis, surface.mean(axis=-1), rise=rise)
    basin_area.basin_area_estimate(axis, other_axis, surface, twelve, rise=rise, n_resamples=20, rng=rng)
assert barrier.barrier(axis, losses.mean(axis=1)).value == 0
barrier.barrier_estimate(axis, losses, twelve, n_resamples=20, rng=rng)
surface_agreement.surface_agreement(surface.mean(axis=-1), surface.mean(axis=-1))
surface_agreement.surface_agreement_estimate(
    surface, surface[..., :8], twelve, twelve[:8], n_resamples=20, rng=rng
)
distance_travelled.distance_travelled(np.ones((3, 2)), np.ones((3, 2)), np.ones(2))
path = np.cumsum(rng.normal(size=(4, 6)), axis=0)
path_axes.path_axes(path @ path.T)
path_projection.path_projection(path @ path[:2].T, path[:2] @ path[:2].T, np.square(path).sum(axis=1))
try:
    rsa.rsa(x[0], y)
except TypeCheckError:
    print("checked")
"""


SAMPLES_OF_TWO_SIZES = """
from tunescope.measures.similarity.unpaired_onset import onset_layer_unpaired
before, after = rng.normal(size=(2, 40, 6)), rng.normal(size=(2, 36, 6))
for first, second in ((before, after), (list(before), list(after))):
    found = onset_layer_unpaired(first, second, np.arange(40) // 4, np.arange(36) // 4, n_permutations=99, rng=rng)
    assert found.status == "ok"
print("checked")
"""


def _run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", HOOK + script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_annotated_shapes_hold_at_run_time() -> None:
    result = _run(SCRIPT)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.strip() == "checked"


def test_samples_of_different_sentences_may_differ_in_size() -> None:
    result = _run(SAMPLES_OF_TWO_SIZES)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.strip() == "checked"
