"""The page of a study: everything in one HTML file that needs nothing else and asks nothing of any network."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from pathlib import PurePath
from typing import Any, NamedTuple

import plotly.graph_objects as go
from markupsafe import Markup

from tunescope.report.escaping import json_for_script
from tunescope.report.html import content_policy, package_version, page_scripts, page_template, template_text
from tunescope.report.study.drawn_series import is_drawable
from tunescope.report.study.figures import alternative_text, marks_text, study_screen_figure
from tunescope.report.study.grids import has_digits
from tunescope.report.study.legend import legend_entries
from tunescope.report.study.names import NamedFigure, named_figures, named_tables, targets
from tunescope.report.study.reliefs import relief_alternative, study_relief_figure
from tunescope.report.study.settings import settings_texts
from tunescope.report.study.tables import has_points, page_points, page_table
from tunescope.report.wording import count_text, listed
from tunescope.studies.engine.work import Outcome
from tunescope.studies.study_result import StudyFigure, StudyResult, Verdict

__all__ = ["render_study_page"]

_PACKAGE = "tunescope.report.study"
_VERDICTS: dict[Verdict, tuple[str, str]] = {
    "holds": ("holds", "✓"),
    "does not hold": ("fails", "✗"),
    "cannot be told": ("open", "?"),
}
"""Each verdict's class on the page, and the sign before its words."""


class _Place(NamedTuple):
    """Figures that share a heading: those that are drawn, and those that say why not."""

    key: str
    title: str
    drawn: list[dict[str, Any]]
    missing: list[dict[str, Any]]


def render_study_page(result: StudyResult) -> str:
    """Return the report of a study as one HTML page.

    The page holds its style, its scripts, and the data of its figures; its content security policy admits nothing
    else.
    """
    scripts = page_scripts()
    drawn = {name: figure for name, figure in named_figures(result) if is_drawable(figure)}
    data = {
        "figures": {name: _figure_data(study_screen_figure(figure)) for name, figure in drawn.items()},
        "reliefs": {
            name: _figure_data(study_relief_figure(figure))
            for name, figure in drawn.items()
            if figure.surface
        },
    }
    return page_template("study.html.j2", _PACKAGE).render(
        result=result,
        policy=content_policy(scripts.values()),
        style=Markup(template_text("page.css") + template_text("study.css", _PACKAGE)),
        scripts=scripts,
        data=Markup(json_for_script(data)),
        verdicts=_VERDICTS,
        verdict_counts=_verdict_counts(result),
        targets=targets(result),
        tables=[
            {"name": name, "table": table, "shown": page_table(table)} for name, table in named_tables(result)
        ],
        places=_places(result),
        failures=[_failure(outcome) for outcome in result.failures],
        failure_count=count_text(len(result.failures), "step"),
        settings=settings_texts(result.settings),
        version=package_version(),
    )


def _figure_data(figure: go.Figure) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(figure.to_json())
    return {"data": drawn["data"], "layout": drawn["layout"]}


def _verdict_counts(result: StudyResult) -> str:
    """Return how many claims have which verdict, such as ``"2 hold and 1 does not hold"``."""
    counts = Counter(claim.verdict for claim in result.claims)
    many: dict[Verdict, str] = {"holds": "hold", "does not hold": "do not hold"}
    return listed(
        [
            f"{counts[verdict]} {many.get(verdict, verdict) if counts[verdict] > 1 else verdict}"
            for verdict in _VERDICTS
            if counts[verdict]
        ]
    )


def _places(result: StudyResult) -> list[_Place]:
    """Return the figures in their order; neighbours with the same title share a place."""
    groups = groupby(named_figures(result), key=lambda named: named.figure.title)
    return [_place(f"place-{number}", title, list(group)) for number, (title, group) in enumerate(groups, 1)]


def _place(key: str, title: str, group: list[NamedFigure]) -> _Place:
    return _Place(
        key=key,
        title=title,
        drawn=[_drawn(named, number) for number, named in enumerate(group, 1) if is_drawable(named.figure)],
        missing=[_missing(named) for named in group if not is_drawable(named.figure)],
    )


def _drawn(named: NamedFigure, number: int) -> dict[str, Any]:
    figure = named.figure
    return {
        "name": named.name,
        "tab": figure.tab or f"Figure {number}",
        "how_to_read": figure.how_to_read,
        "marks": marks_text(figure),
        "legend": legend_entries(figure),
        "alternative": alternative_text(figure),
        "points": page_points(figure),
        "look": _look(figure),
        "relief": relief_alternative(figure) if figure.surface else "",
    }


def _look(figure: StudyFigure) -> str:
    """Return the class of a drawing that has a look of its own."""
    if figure.kind == "grid":
        return "" if has_digits(figure, on_phones=True) else "digits-if-wide"
    return "surface" if figure.kind == "surface" else ""


def _missing(named: NamedFigure) -> dict[str, Any]:
    figure = named.figure
    reason = (figure.missing or f"no {'cell' if figure.grid else 'point'} of it is defined").rstrip(".")
    return {"name": named.name, "tab": figure.tab, "reason": reason, "has_points": has_points(figure)}


def _failure(outcome: Outcome) -> dict[str, str]:
    """Return a failure for people; of the file that tells where it happened the name only, as pages travel."""
    file = PurePath(outcome.traceback).name
    return {"title": outcome.title, "status": outcome.status, "message": outcome.message, "file": file}
