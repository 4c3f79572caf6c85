"""Makes results of studies that look like real ones, for the tests of their report."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tests.report.factory import HOSTILE

from tunescope.studies.engine.work import Outcome
from tunescope.studies.study_result import (
    Claim,
    Grid,
    Series,
    StudyFigure,
    StudyResult,
    StudyTable,
    Surface,
)

TASKS = ("POS-tagging", "dependency relations", "supersense role", "supersense function", "TREC-50")
LAYERS = tuple(map(float, range(13)))


def make_series(name: str, shift: float = 0.0, role: Any = "", *, seed: int = 0, **fields: Any) -> Series:
    """Return accuracies over layers with intervals."""
    rng = np.random.default_rng(seed)
    y = 0.62 + 0.3 * np.sqrt(np.array(LAYERS) / 12) + shift + rng.normal(0, 0.008, len(LAYERS))
    half = 0.01 + 0.02 * rng.random(len(LAYERS))
    given = {
        "y": tuple(y.tolist()),
        "low": tuple((y - half).tolist()),
        "high": tuple((y + half).tolist()),
        "labels": tuple(f"layer {layer:g}" for layer in LAYERS),
    }
    return Series(name=name, x=LAYERS, role=role, **(given | fields))


def make_path(name: str, index: int, **fields: Any) -> Series:
    """Return the path of a centroid over twenty steps."""
    angle, steps = 2 * math.pi * index / 12, np.linspace(0, 1, 20)
    rng = np.random.default_rng(index)
    x = 4 * steps**0.6 * math.cos(angle) + 0.06 * rng.normal(size=20) + 0.4 * math.cos(angle)
    y = 2 * steps * math.sin(angle) + 0.06 * rng.normal(size=20) + 0.4 * math.sin(angle)
    labels = tuple(f"step {10 * place}" for place in range(20))
    return Series(name=name, x=tuple(x.tolist()), y=tuple(y.tolist()), labels=labels, **fields)


def make_log_figures() -> tuple[StudyFigure, ...]:
    """Return figures over a logarithmic first axis: at a few places, and along operations that no round number is."""
    sizes, conditions = (100.0, 250.0, 500.0, 1000.0, 2000.0, 6707.0), ("baseline", "base", "tuned")
    names = ("frozen, linear head", "frozen, mix of layers", "fine-tuned")
    scores = tuple(
        tuple(0.93 - 0.5 * (shift + 1.4) * size**-0.35 for size in sizes) for shift in (0.3, 0.1, 0.6)
    )
    lines = tuple(
        Series(
            name=name,
            role=role,
            x=sizes,
            y=y,
            low=tuple(each - 0.015 for each in y),
            high=tuple(each + 0.012 for each in y),
            labels=tuple(f"{size:,.0f} sentences" for size in sizes),
        )
        for name, role, y in zip(names, conditions, scores, strict=True)
    )
    spent = tuple(
        line.model_copy(update={"x": tuple(1.37e9 * each * size for size in sizes)})
        for line, each in zip(lines, (1.0, 3.1, 74.0), strict=True)
    )
    shown = {"y_title": "span F1", "percent": True, "x_log": True}
    return (
        StudyFigure(
            key="sizes",
            title="How well do frozen and fine-tuned models do, by size of the training set?",
            tab="entities",
            how_to_read="Scores on the test set, means over seeds.",
            x_title="training sentences",
            series=lines,
            **shown,
        ),
        StudyFigure(
            key="worth",
            title="Score for the operations that training takes",
            how_to_read="Each line goes from the smallest training set to the largest.",
            x_title="floating-point operations",
            series=spent,
            **shown,
        ),
        StudyFigure(
            key="rates",
            title="Score by learning rate",
            how_to_read="Each dot is one fine-tuning.",
            kind="dots",
            x_title="Learning rate",
            series=(Series(name="tuned", x=(1e-5, 3e-5, 1e-4, 1e-3), y=(0.8, 0.82, 0.85, 0.4)),),
            **shown,
        ),
    )


def make_named_figures() -> tuple[StudyFigure, ...]:
    """Return figures whose first axis has names: a few tasks with dots beside them, and many labels."""
    dots = tuple(
        Series(
            name=role,
            role=role,
            x=tuple(place + shift for place in range(len(TASKS))),
            y=tuple(0.9 - 0.05 * place + shift / 3 for place in range(len(TASKS))),
            low=tuple(0.88 - 0.05 * place + shift / 3 for place in range(len(TASKS))),
            high=tuple(0.91 - 0.05 * place + shift / 3 for place in range(len(TASKS))),
        )
        for role, shift in (("base", -0.1), ("tuned", 0.1))
    )
    labels = tuple(
        f"{kind}.{n}" for kind in ("Circumstance", "Participant", "Configuration") for n in range(6)
    )
    distances = tuple(2 + math.sin(n) for n in range(len(labels)))
    return (
        StudyFigure(
            key="by-task",
            title="Accuracy by task",
            how_to_read="Each dot is a mean over seeds.",
            kind="dots",
            x_title="Task",
            y_title="Accuracy",
            percent=True,
            x_ticks=TASKS,
            series=dots,
        ),
        StudyFigure(
            key="by-label",
            title="Distance by label",
            how_to_read="Higher is further from the other labels.",
            x_title="Label",
            y_title="Distance to the nearest label",
            x_ticks=labels,
            series=(Series(name="tuned", x=tuple(map(float, range(len(labels)))), y=distances),),
        ),
    )


def make_grid(n_columns: int, n_rows: int, **fields: Any) -> Grid:
    """Return how alike every layer of one model is to every layer of another, with intervals."""
    across, up = np.linspace(0, 1, n_columns), np.linspace(0, 1, n_rows)[:, None]
    noise = np.random.default_rng(n_columns).normal(0, 0.01, (n_rows, n_columns))
    values = np.exp(-(((across - up) / 0.35) ** 2)) * (1 - 0.35 * np.maximum(across, up) ** 2) + noise
    given = {
        "columns": tuple(map(str, range(n_columns))),
        "rows": tuple(map(str, range(n_rows))),
        "values": values.tolist(),
        "low": (values - 0.03).tolist(),
        "high": (values + 0.02).tolist(),
        "value_title": "debiased linear CKA",
        "value_range": (0.0, 1.0),
    }
    return Grid.model_validate(given | fields)


def make_grid_figure(grid: Grid, **fields: Any) -> StudyFigure:
    """Return a figure of a grid."""
    given: dict[str, Any] = {
        "key": f"alike-{len(grid.columns)}",
        "title": "Which layers of the two models are alike?",
        "tab": f"{len(grid.columns)} layers",
        "how_to_read": "Each cell compares a layer of the base model with a layer of the tuned one.",
        "kind": "grid",
        "x_title": "layer of the base model",
        "y_title": "layer of the tuned model",
        "grid": grid,
    }
    return StudyFigure.model_validate(given | fields)


def make_grid_figures() -> tuple[StudyFigure, ...]:
    """Return grids of few and of many layers, with an undefined cell, and one of names without intervals."""
    many = make_grid(13, 13)
    first = (*many.values[0][:3], math.nan, *many.values[0][4:])
    shares = tuple(tuple(0.2 * column + 0.05 * row for column in range(5)) for row in range(5))
    return (
        make_grid_figure(make_grid(7, 7)),
        make_grid_figure(many.model_copy(update={"values": (first, *many.values[1:])})),
        make_grid_figure(
            Grid(columns=TASKS, rows=TASKS, values=shares, value_title="accuracy", low_is_strong=True),
            key="transfer",
            title="How well does a model do on other tasks?",
            tab="",
            x_title="tuned on",
            y_title="tested on",
            percent=True,
        ),
    )


def make_surface(n_columns: int = 11, n_rows: int = 11, **fields: Any) -> Surface:
    """Return the loss around a minimum and a saddle, over some orders of magnitude."""
    across, up = np.linspace(-1.2, 1.2, n_columns), np.linspace(-1, 1, n_rows)
    x, y = np.meshgrid(across, up)
    values = 0.02 + 2.2 * ((x**2 - 0.6) ** 2 + 0.5 * (y + 0.3 * x) ** 2) + 0.4 * (x - 0.7) ** 2
    given = {
        "columns": across.tolist(),
        "rows": up.tolist(),
        "values": values.tolist(),
        "value_title": "training loss (nats)",
    }
    return Surface.model_validate(given | fields)


def make_way(name: str = "training", **fields: Any) -> Series:
    """Return the path of a training that turns into the minimum of a surface."""
    left = np.linspace(1, 0, 20) ** 1.5
    x, y = 0.7 - left * np.cos(4 * left), -0.2 + left * np.sin(4 * left)
    labels = tuple(f"update {30 * place}: own loss {2 / (1 + place):.3f}" for place in range(20))
    given = {"x": tuple(x.tolist()), "y": tuple(y.tolist()), "labels": labels, "role": "tuned"}
    return Series(name=name, **(given | fields))


def make_surface_figure(surface: Surface, *paths: Series, **fields: Any) -> StudyFigure:
    """Return a figure of a surface with paths over it."""
    given = {
        "key": "plane",
        "title": "The surface around the training",
        "tab": "pre-trained",
        "how_to_read": "0, 0: the end of training.",
        "x_title": "β",
        "y_title": "α",
    }
    return StudyFigure(kind="surface", surface=surface, series=paths, **(given | fields))


def make_surface_figures() -> tuple[StudyFigure, ...]:
    """Return a surface with a path, one on the same scale with a hole, and one of shares without a path."""
    x, y = np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1, 1, 5))
    scale = {"value_range": (0.02, 3.0)}
    holed = make_surface(**scale)
    values = [
        [math.nan if row > 7 and column > 7 else value for column, value in enumerate(values)]
        for row, values in enumerate(holed.values)
    ]
    shares = Surface(
        columns=tuple(x[0].tolist()),
        rows=tuple(y[:, 0].tolist()),
        values=tuple(map(tuple, (0.5 - 0.45 * np.exp(-(x**2) - y**2)).tolist())),
        value_title="unseen error",
    )
    gap = make_way(role="base", y=(*make_way().y[:6], math.nan, *make_way().y[7:]))
    return (
        make_surface_figure(make_surface(**scale), make_way()),
        make_surface_figure(make_surface(**scale, values=values), gap, key="plane-scratch", tab="scratch"),
        make_surface_figure(shares, key="plane-error", title="The error around the training", percent=True),
    )


def make_figures() -> tuple[StudyFigure, ...]:
    """Return a figure of each kind, with gaps, with many lines, in tabs, and missing."""
    base, tuned = make_series("base", role="base"), make_series("tuned", 0.05, "tuned", seed=1)
    gap = (*tuned.y[:5], math.nan, *tuned.y[6:])
    gap_low = (*tuned.low[:5], math.nan, *tuned.low[6:])
    majority = Series(name="majority class", x=(0.0, 12.0), y=(0.31, 0.31), role="baseline")
    layers = {"how_to_read": "Higher is better.", "x_title": "Layer", "y_title": "Accuracy", "percent": True}
    accuracy = "Accuracy of a probe, layer by layer"
    steps = tuple(map(float, range(0, 2000, 20)))
    loss = tuple(3 * math.exp(-step / 400) - 0.5 for step in steps)
    tags = ("NOUN", "VERB", "ADJ", "ADV", "PRON", "DET")
    seeds = tuple(make_series(f"seed {n}", 0.002 * n, seed=n, low=(), high=()) for n in range(30))
    return (
        StudyFigure(
            key="probe-pos",
            title=accuracy,
            tab="POS-tagging",
            series=(base, tuned.model_copy(update={"y": gap, "low": gap_low}), majority),
            **layers,
        ),
        StudyFigure(
            key="probe-tasks",
            title=accuracy,
            tab="All tasks",
            series=tuple(
                make_series(f"{task}, {role}", 0.05 * (role == "tuned") - 0.06 * n, role, seed=n)
                for n, task in enumerate(TASKS)
                for role in ("base", "tuned")
            ),
            **layers,
        ),
        StudyFigure(
            key="probe-trec",
            title=accuracy,
            tab="TREC-50",
            missing="the data of TREC-50 are not on this machine.",
            **layers,
        ),
        StudyFigure(
            key="seeds",
            title="Thirty seeds",
            how_to_read="Each line is one fine-tuning.",
            series=seeds,
            x_title="Layer",
            y_title="Accuracy",
        ),
        StudyFigure(
            key="tasks",
            title="Twelve tasks",
            how_to_read="Each line is a task.",
            series=tuple(
                make_series(f"a task with a rather long name {n}", -0.03 * n, seed=n, low=(), high=())
                for n in range(12)
            ),
            x_title="Layer",
            y_title="Accuracy",
        ),
        StudyFigure(
            key="centroids",
            title="Where the centroids of the labels went",
            how_to_read="The plane of the first two principal components.",
            kind="paths",
            x_title="First principal component",
            y_title="Second principal component",
            series=tuple(make_path(tag, index) for index, tag in enumerate(tags)),
        ),
        StudyFigure(
            key="loss",
            title="Training loss",
            how_to_read="Lower is better.",
            x_title="Step",
            y_title="Loss",
            series=(Series(name="loss", x=steps, y=loss),),
        ),
        StudyFigure(
            key="scores",
            title="Score of each seed",
            how_to_read="Each dot is one fine-tuning.",
            kind="dots",
            x_title="Learning rate (log10)",
            y_title="F1",
            percent=True,
            series=(
                Series(
                    name="frozen",
                    role="base",
                    x=(-5.0, -4.5, -4.0, -3.5),
                    y=(0.81, 0.83, math.nan, 0.78),
                    low=(0.80, 0.82, math.nan, 0.70),
                    high=(0.82, 0.85, math.nan, 0.84),
                ),
                Series(name="tuned", role="tuned", x=(-5.0, -4.5, -4.0, -3.5), y=(0.9, 0.92, 0.91, 0.64)),
                Series(name="random vectors", role="baseline", x=(-5.0, -3.5), y=(0.5, 0.5)),
            ),
        ),
        *make_log_figures(),
        *make_named_figures(),
        *make_grid_figures(),
        *make_surface_figures(),
    )


def make_tables() -> tuple[StudyTable, ...]:
    """Return a narrow table with gaps and a wide one."""
    return (
        StudyTable(
            key="scores-table",
            title="Accuracy before and after",
            note="Mean of five seeds, with the published figure beside it.",
            columns=("Task", "Base", "Tuned", "Change", "Published", "Clusters", "Remark"),
            rows=(
                ("POS-tagging", 0.93456, 0.95123, 0.01667, 0.95, 12, ""),
                ("dependency relations", 0.81, 0.79, -0.02, None, 1234, "fine-tuning hurts here"),
                ("TREC-50", math.nan, 0.9, math.nan, 0.913, -3, None),
            ),
            decimals={"Base": 3, "Tuned": 3, "Change": 3},
        ),
        StudyTable(
            key="wide",
            title="Every layer",
            columns=("Task", *(f"Layer {n}" for n in range(25))),
            rows=tuple((task, *(0.5 + 0.01 * n - 0.001 for n in range(25))) for task in TASKS),
            decimals={f"Layer {n}": 3 for n in range(25)},
        ),
    )


def make_claims() -> tuple[Claim, ...]:
    """Return a claim of each verdict, which point at a table, a figure behind a tab, and a missing one."""
    source = "Zhou and Srikumar 2022, section 4.1"
    return (
        Claim(
            text="Fine-tuning almost always improves the accuracy of a classifier.",
            source=source,
            verdict="holds",
            evidence="4 of 5 tasks gain, by +1.7 points on average (95 % interval +0.9 … +2.4).",
            shown_in="scores-table",
        ),
        Claim(
            text="The higher layers change more than the lower ones on every task.",
            source=source,
            verdict="does not hold",
            evidence="On 2 of 5 tasks, layer 3 moved further than layer 12.",
            shown_in="probe-tasks",
        ),
        Claim(
            text="The change is confined to the training domain.",
            source=source,
            verdict="cannot be told",
            evidence="The out-of-domain data are not there.",
            shown_in="probe-trec",
        ),
        Claim(text="A claim without a figure.", source="", verdict="holds", evidence="Counted by hand."),
    )


def make_study_result(**fields: Any) -> StudyResult:
    """Return a study with everything that a report shows."""
    given: dict[str, Any] = {
        "study": "closer-look",
        "name": "closer-look-minilm",
        "question": "How does fine-tuning change the geometry of the label regions, and does it always help?",
        "source": "Zhou and Srikumar 2022, “A Closer Look at How Fine-tuning Changes BERT”",
        "tables": make_tables(),
        "figures": make_figures(),
        "claims": make_claims(),
        "failures": (
            Outcome(
                key="a1",
                title="fine-tuning on TREC-50, seed 3",
                status="failed",
                message="RuntimeError: the loss is not finite at step 40.\nFix: lower the learning rate.",
                traceback="/home/somebody/study/failures/finetune-a1.txt",
            ),
            Outcome(
                key="a2",
                title="probe of TREC-50",
                status="skipped",
                message="there is no fine-tuning on TREC-50",
            ),
        ),
        "notes": ("Five seeds are few: an interval over seeds is wide.", "Layer 0 is the embedding."),
        "settings": {
            "model": "all-MiniLM-L6-v2",
            "seeds": [0, 1, 2, 3, 4],
            "training": {"learning_rate": 3e-4, "frozen": None, "weight_decay": 0.0},
            "with_control": True,
        },
        "provenance": {"tunescope": "0.1.0", "python": "3.12.3", "commit": "3853a87"},
    }
    return StudyResult(**(given | fields))


def make_empty_study_result() -> StudyResult:
    """Return a study that found nothing."""
    return StudyResult(study="closer-look", name="", question="Does it help?", source="")


def make_hostile_study_result() -> StudyResult:
    """Return a study whose every text is hostile, under keys that no file may have."""
    keys = ("../../evil", "main", "Main", *HOSTILE)
    everywhere = " ".join(HOSTILE)
    figures = tuple(
        StudyFigure(
            key=key,
            title=key,
            tab=key,
            how_to_read=key,
            kind=kind,
            x_title=key,
            y_title=key,
            x_ticks=() if kind == "paths" or index % 2 else HOSTILE,
            series=tuple(
                Series(name=text, x=(1.0, 2.0, math.inf), y=(1.0, math.nan, -1.0), labels=(text,) * 3)
                for text in HOSTILE
            ),
            missing=key if index == 1 else None,
        )
        for index, (key, kind) in enumerate(zip(keys, ("curves", "paths", "dots") * 6, strict=False))
    )
    cells = ((1.0, math.nan, -1.0, math.inf, *range(len(HOSTILE) - 4)),) * len(HOSTILE)
    grid = Grid(columns=HOSTILE, rows=HOSTILE, values=cells, value_title=HOSTILE[2])
    key = HOSTILE[2]
    figures += (
        make_grid_figure(grid, key=key, title=key, tab=key, how_to_read=key, x_title=key, y_title=key),
        make_surface_figure(
            make_surface(value_title=key, values=((1.0, math.nan) * 5 + (-math.inf,),) * 11),
            *(make_way(text, labels=(text,) * 20) for text in HOSTILE),
            key=f"surface-{key}",
            title=key,
            tab=key,
            how_to_read=key,
            x_title=key,
            y_title=key,
        ),
    )
    tables = tuple(
        StudyTable(key=key, title=key, note=key, columns=(key, key), rows=((key, math.nan), (1, -math.inf)))
        for key in keys
    )
    return StudyResult(
        study=everywhere,
        name=everywhere,
        question=everywhere,
        source=everywhere,
        figures=figures,
        tables=tables,
        claims=tuple(
            Claim(text=key, source=key, verdict="holds", evidence=key, shown_in=key) for key in keys
        ),
        failures=tuple(
            Outcome(key=key, title=key, status="failed", message=key, traceback=key) for key in keys
        ),
        notes=HOSTILE,
        settings={key: {key: [key, None, True]} for key in keys},
        provenance={key: key for key in keys},
    )
