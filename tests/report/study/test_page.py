"""The page of a study and the files beside it; what holds of every page is tested elsewhere."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from tests.report.factory import HOSTILE
from tests.report.reader import Reader, page_text, read_csv, read_page
from tests.report.study.factory import (
    TASKS,
    make_claims,
    make_figures,
    make_hostile_study_result,
    make_study_result,
    make_tables,
)

from tunescope.report.canvas import print_bytes
from tunescope.report.study import write_study_report
from tunescope.report.study.figures import study_print_figure
from tunescope.report.study.page import render_study_page
from tunescope.studies.study_result import StudyFigure


@pytest.fixture(scope="module")
def rich(study_reports: dict[str, Path]) -> str:
    return page_text(study_reports["rich"])


def test_every_file_beside_the_page_is_linked(study_reports: dict[str, Path]) -> None:
    for folder in study_reports.values():
        linked = {link for link in read_page(folder).values("href") if not link.startswith("#")}
        files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        assert files - {"report.html"} == linked


def test_the_question_the_source_and_the_verdicts_stand_at_the_top(rich: str) -> None:
    text = re.sub(r"\s+", " ", Reader(rich).text)
    result = make_study_result()
    assert result.question in text
    assert f"Repeats {result.source}." in text
    assert "Of 4 published claims: 2 hold, 1 does not hold and 1 cannot be told." in text
    assert "2 steps without a result" in text


def test_a_verdict_is_told_by_words_and_not_by_colour_alone(rich: str) -> None:
    badges = re.findall(r'<span class="chip \w+"><span aria-hidden="true">(.)</span> ([a-z ]+)</span>', rich)
    assert badges == [("✓", "holds"), ("✗", "does not hold"), ("?", "cannot be told"), ("✓", "holds")]


def test_claims_link_to_what_they_rest_on(rich: str) -> None:
    assert 'href="#table-scores-table">See <bdi>Accuracy before and after</bdi>' in rich
    assert 'href="#figure-probe-tasks">See <bdi>Accuracy of a probe, layer by layer: All tasks</bdi>' in rich
    assert 'href="#figure-probe-trec"' in rich


def test_a_claim_may_point_at_nothing() -> None:
    claim = make_claims()[0].model_copy(update={"shown_in": "absent"})
    assert "See <bdi>" not in render_study_page(make_study_result(claims=(claim,)))


def test_tables_are_rounded_for_people(rich: str) -> None:
    cell = '<td class="number"><bdi>{}</bdi></td>'.format
    for shown in ("0.935", "−0.020", "not defined", "1,234", "−3", "0.913", ""):
        assert cell(shown) in rich
    assert '<th scope="col" class="number"><bdi>Base</bdi></th>' in rich
    assert "<td><bdi>fine-tuning hurts here</bdi></td>" in rich


def test_missing_figures_say_why(study_reports: dict[str, Path], rich: str) -> None:
    assert "Not drawn (TREC-50): the data of TREC-50 are not on this machine." in Reader(rich).text
    assert not (study_reports["rich"] / "figures" / "probe-trec.png").exists()
    empty = read_page(study_reports["empty"]).text
    for text in ("no published claim", "The study has no table.", "The study has no figure."):
        assert text in empty


def test_a_figure_without_a_defined_point_says_so() -> None:
    figure = make_figures()[6]
    line = figure.series[0].model_copy(update={"y": (math.nan,) * 100})
    page = render_study_page(make_study_result(figures=(figure.model_copy(update={"series": (line,)}),)))
    assert "Not drawn: <bdi>no point of it is defined</bdi>." in page


def test_failures_tell_their_messages_and_no_path(rich: str) -> None:
    text = Reader(rich).text
    assert "RuntimeError: the loss is not finite at step 40.\nFix: lower the learning rate." in text
    assert "finetune-a1.txt" in text
    assert "/home/somebody" not in rich


def test_settings_and_provenance_are_shown(rich: str) -> None:
    text = Reader(rich).text
    for shown in ("training: learning_rate", "0.0003", "0, 1, 2, 3, 4", "yes", "none", "3853a87"):
        assert shown in text


def test_what_no_legend_tells_stands_beside_the_figure(rich: str) -> None:
    text = Reader(rich).text
    assert "Bands are intervals. 1 point is not defined and left out." in text
    assert "18 lines of 30 are thin and grey: point at one for its name." in text
    assert "Open mark: where a path starts; large filled mark: where it ends." in text


def test_tables_survive_the_round_trip(study_reports: dict[str, Path]) -> None:
    table = make_tables()[0]
    columns, *rows = read_csv(study_reports["rich"] / "tables" / "scores-table.csv")
    assert tuple(columns) == table.columns
    assert rows[0][1] == "0.93456"
    assert rows[2] == ["TREC-50", "nan", "0.9", "nan", "0.913", "-3", ""]


def test_points_survive_the_round_trip(study_reports: dict[str, Path]) -> None:
    series = make_figures()[0].series
    columns, *rows = read_csv(study_reports["rich"] / "tables" / "probe-pos.csv")
    assert columns == ["series", "label", "x", "y", "low", "high"]
    assert len(rows) == sum(len(line.x) for line in series)
    assert [float(row[3]) for row in rows[:13]] == list(series[0].y)
    assert rows[18][:5] == ["tuned", "layer 5", "5.0", "nan", "nan"]
    assert rows[-1] == ["majority class", "", "12.0", "0.31", "", ""]


def test_points_on_a_logarithmic_axis_are_plain_numbers(study_reports: dict[str, Path], rich: str) -> None:
    _, *rows = read_csv(study_reports["rich"] / "tables" / "sizes.csv")
    assert [row[2] for row in rows[:6]] == ["100.0", "250.0", "500.0", "1000.0", "2000.0", "6707.0"]
    assert '<td class="number"><bdi>6,707</bdi></td>' in rich
    _, *rows = read_csv(study_reports["rich"] / "tables" / "worth.csv")
    assert float(rows[0][2]) == 1.37e11


def test_points_on_an_axis_with_names_tell_these(study_reports: dict[str, Path], rich: str) -> None:
    columns, *rows = read_csv(study_reports["rich"] / "tables" / "by-task.csv")
    assert columns == ["series", "label", "x", "y", "low", "high", "x name"]
    assert [float(row[2]) for row in rows[:2]] == [-0.1, 0.9]
    assert [row[6] for row in rows] == [*TASKS, *TASKS]
    assert "<td><bdi>supersense role</bdi></td>" in rich


def test_hostile_cells_survive_the_round_trip(study_reports: dict[str, Path]) -> None:
    table = make_hostile_study_result().tables[3]
    rows = read_csv(study_reports["hostile"] / "tables" / "script-alert-1-script.csv")
    assert tuple(rows[0]) == table.columns
    assert rows[1] == [HOSTILE[0], "nan"]
    assert rows[2] == ["1", "-inf"]


def test_figures_are_drawn_for_print(study_reports: dict[str, Path]) -> None:
    for figure in make_figures():
        if figure.missing is None:
            path = study_reports["rich"] / "figures" / figure.key
            assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
            assert "<svg" in path.with_suffix(".svg").read_text(encoding="utf-8")


def test_the_same_result_gives_the_same_page_and_figures() -> None:
    assert render_study_page(make_study_result()) == render_study_page(make_study_result())
    figure: StudyFigure = make_figures()[3]
    assert print_bytes(study_print_figure(figure), "svg") == print_bytes(study_print_figure(figure), "svg")


def test_a_report_is_written_over_an_older_one(tmp_path: Path) -> None:
    older = make_study_result(tables=make_tables()[1:], figures=make_figures()[:1])
    path = write_study_report(older, tmp_path / "new" / "folder")
    (path.parent / "tables" / "my-own.csv").write_text("kept")
    newer = make_study_result(tables=make_tables()[:1], figures=make_figures()[2:3], claims=())
    assert write_study_report(newer, path.parent) == path
    assert "Every layer" not in path.read_text(encoding="utf-8")
    files = {str(file.relative_to(path.parent)) for file in path.parent.rglob("*") if file.is_file()}
    assert files == {"report.html", "tables/scores-table.csv", "tables/my-own.csv"}
