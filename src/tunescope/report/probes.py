"""What trained probes read from each layer: perceptrons and their control, codelengths, edge and structural probes."""

from __future__ import annotations

from tunescope.report.curves import Curve, CurvesInfo
from tunescope.report.figure_info import how_to_read, measurement_place, titled_reading
from tunescope.report.marks import Mark, make_mark
from tunescope.report.palette import BASELINE, SUBJECTS, Look
from tunescope.report.places import defined
from tunescope.report.wording import describe
from tunescope.studies.comparison import Comparison, Measurement

__all__ = [
    "EDGE_MEASURES",
    "PERCEPTRON_MEASURES",
    "TREE_MEASURES",
    "compression_info",
    "edge_info",
    "perceptron_info",
    "structure_info",
    "why_missing",
]

PERCEPTRON_MEASURES = {"perceptron_accuracy": "Accuracy", "selectivity": "Selectivity"}
EDGE_MEASURES = {
    "edge_f1": "Single layers",
    "edge_f1_cumulative": "Layers 0 to l",
    "mix_weight": "Weights of the mix",
}
TREE_MEASURES = {"uuas": "UUAS", "dspr": "DSpr", "nspr": "NSpr", "root_accuracy": "Root"}

_MODELS = (("base", "Base"), ("tuned", "Tuned"))
_LAYER_ZERO = "Layer 0 is the embeddings, which know words but no context."
_NEEDS = {
    "classes": "they belong to labels that are classes",
    "spans": "they belong to spans of words whose labels are classes",
    "trees": "they need parsed sentences (--trees and --trees-test)",
}


def why_missing(comparison: Comparison, probes: str, needs: str, measure: str) -> str:
    """Return why there is no figure.

    Args:
        comparison: What was measured.
        probes: What they are called, such as ``"perceptron probes"``.
        needs: What they need: ``"classes"``, ``"spans"`` or ``"trees"``.
        measure: A measure of theirs.
    """
    if comparison.select(measure=measure):
        return "no figure is defined; see what to mind"
    if comparison.settings.get("probes") == "none":
        return f"no {probes} were trained: they were not asked for (--probes none)"
    if (needs == "classes" and comparison.label_kind == "class") or (
        needs == "spans" and comparison.label_kind == "class" and comparison.target in ("token", "pair")
    ):
        return f"no {probes} were trained: there was too little to train them on; see the notes"
    return f"no {probes} were trained: {_NEEDS[needs]}"


def perceptron_info(comparison: Comparison, measure: str) -> CurvesInfo:
    """Return what a perceptron reads from each layer of either model, beside baselines, or its selectivity.

    Args:
        comparison: What was measured.
        measure: A key of :data:`PERCEPTRON_MEASURES`.
    """
    curves = _model_curves(comparison, measure)
    text = titled_reading(measure)
    others: tuple[str, ...] = ()
    if measure == "perceptron_accuracy":
        curves += _model_curves(comparison, "control_accuracy", " · control task", control=True)
        others = ("majority_accuracy", "random_vectors_accuracy")
        curves += _constants(comparison, others)
        text += (
            " The control task gives every word a label at random: what a probe reaches there it owes to its memory."
            " Random vectors, one for each word, show what knowing the word alone gives."
        )
    return _info(
        comparison,
        key=measure.replace("_", "-"),
        title="What a perceptron reads from each layer, and how much of it is memory",
        tab=PERCEPTRON_MEASURES[measure],
        text=text,
        measures=(measure, *(("control_accuracy", *others) if others else ())),
        curves=curves,
        missing=why_missing(comparison, "perceptron probes", "classes", measure),
    )


def compression_info(comparison: Comparison) -> CurvesInfo:
    """Return how well the labels of the task and of its control task compress, given the vectors of each layer."""
    measures = ("compression", "control_compression")
    curves = _model_curves(comparison, measures[0])
    curves += _model_curves(comparison, measures[1], " · control task", control=True)
    return _info(
        comparison,
        key="compression",
        title="How short the labels become for someone who has the vectors",
        tab="Compression",
        text=(
            f"{how_to_read('compression')} At 1 the vectors are of no use. Accuracy asks what can be learnt in the end,"
            " compression how much there is to learn."
        ),
        measures=measures,
        curves=curves,
        missing=why_missing(comparison, "probes for codelengths", "classes", "compression"),
    )


def edge_info(comparison: Comparison, measure: str) -> CurvesInfo:
    """Return the scores of edge probes, or the weights of their mix of layers.

    Args:
        comparison: What was measured.
        measure: A key of :data:`EDGE_MEASURES`.
    """
    return _info(
        comparison,
        key=measure.replace("_", "-"),
        title="Where in the layers spans give their labels away: edge probes",
        tab=EDGE_MEASURES[measure],
        text=titled_reading(measure),
        measures=(measure,),
        curves=_model_curves(comparison, measure),
        missing=why_missing(comparison, "edge probes", "spans", measure),
    )


def structure_info(comparison: Comparison, measure: str) -> CurvesInfo:
    """Return how well trees can be rebuilt from the vectors of each layer, beside trees that know no vectors.

    Args:
        comparison: What was measured.
        measure: A key of :data:`TREE_MEASURES`.
    """
    baselines = (f"{measure}_linear_chain", f"{measure}_random_tree")
    return _info(
        comparison,
        key=measure.replace("_", "-"),
        title="How far vectors lie as words do in their trees: structural probes",
        tab=TREE_MEASURES[measure],
        text=(
            f"{titled_reading(measure)} The linear chain joins each word with the next; a random tree of as many words"
            " is chance."
        ),
        measures=(measure, *baselines),
        curves=_model_curves(comparison, measure) + _constants(comparison, baselines),
        missing=why_missing(comparison, "structural probes", "trees", measure),
    )


def _info(
    comparison: Comparison,
    *,
    key: str,
    title: str,
    tab: str,
    text: str,
    measures: tuple[str, ...],
    curves: list[Curve],
    missing: str,
) -> CurvesInfo:
    found = tuple(
        m
        for measure in measures
        for m in comparison.select(measure=measure, step=None, partition="given")
        if m.split in (None, "test", "train") and m.subject != "difference"
    )
    main = describe(measures[0])
    return CurvesInfo(
        key=key,
        title=title,
        tab=tab,
        how_to_read=f"{text} {_LAYER_ZERO}" if comparison.target in ("token", "pair") else text,
        alternative=f"{main.title} over the layers: one curve for the base model, one for the tuned model.",
        measurements=found,
        missing=None if any(m.measure == measures[0] for m in defined(found)) else missing,
        along="layer",
        y_title=main.title,
        percent=main.percent,
        curves=tuple(curves),
    )


def _model_curves(
    comparison: Comparison, measure: str, suffix: str = "", *, control: bool = False
) -> list[Curve]:
    return [
        Curve(
            name=f"{name}{suffix}",
            look=SUBJECTS[subject].control() if control else SUBJECTS[subject],
            marks=marks,
        )
        for subject, name in _MODELS
        for marks in [_marks(comparison.select(measure=measure, subject=subject, step=None))]
        if marks
    ]


def _marks(found: tuple[Measurement, ...]) -> tuple[Mark, ...]:
    layered = [m for m in found if m.layer is not None and m.partition == "given"]
    rising = sorted(layered, key=lambda m: m.layer or 0)
    return tuple(make_mark(m, m.layer or 0, measurement_place(m).capitalize()) for m in rising)


_DASHES = (("dash", "--"), ("dot", ":"))


def _constants(comparison: Comparison, measures: tuple[str, ...]) -> list[Curve]:
    """Return a level line for each baseline."""
    curves = []
    for measure, (dash, print_dash) in zip(measures, _DASHES, strict=True):
        found = [
            m
            for m in comparison.select(measure=measure, subject="baseline", partition="given")
            if m.split in (None, "test")
        ]
        if found:
            ends = (0, comparison.n_layers)
            look = Look(BASELINE.colour, dash=dash, symbol="circle-open", print_dash=print_dash)
            marks = tuple(
                make_mark(found[0], layer).model_copy(update={"low": None, "high": None}) for layer in ends
            )
            curves.append(Curve(name=describe(measure).title, look=look, marks=marks))
    return curves
