"""Each study says which kinds of labels it takes, with the line of the task, before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tunescope._core.errors import InputError
from tunescope.studies.run_study import plan_study


def _plan(folder: Path, model: Path, study: str, task: str) -> object:
    path = folder / "study.yaml"
    path.write_text(
        f"study: {study}\nmodels: [{{path: {model}, name: tiny}}]\ntasks:\n  - {{name: own, {task}}}\nseeds: [0]\n",
        encoding="utf-8",
    )
    return plan_study(path, device="cpu")


PARSE = 'format: "treebank:parse", options: {n_train: 12, n_dev: 0, n_test: 6}'
ANSWERS = 'format: "treebank:answers", options: {n_train: 12, n_dev: 0, n_test: 6}'


@pytest.mark.parametrize(
    ("study", "task", "got"),
    [
        ("closer-look", PARSE, "tree"),
        ("closer-look", ANSWERS, "answer-span"),
        ("frozen-vs-tuned", PARSE, "tree"),
        ("frozen-vs-tuned", ANSWERS, "answer-span"),
    ],
)
def test_labels_that_a_study_does_not_read_are_refused(
    tiny_model: Path, tmp_path: Path, study: str, task: str, got: str
) -> None:
    with pytest.raises(InputError, match=rf"study.yaml:4, tasks\[0\].format(.|\n)*{got}(.|\n)*what-happens"):
        _plan(tmp_path, tiny_model, study, task)


@pytest.mark.parametrize("study", ["what-happens", "visualizing"])
@pytest.mark.parametrize("task", [PARSE, ANSWERS])
def test_parsers_and_answers_are_read(tiny_model: Path, tmp_path: Path, study: str, task: str) -> None:
    assert _plan(tmp_path, tiny_model, study, task)
