"""The page: everything in one HTML file that needs nothing else and asks nothing of any network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from tunescope.report.escaping import json_for_script
from tunescope.report.examples import KINDS, changed_examples
from tunescope.report.figure_info import FigureInfo, undefined
from tunescope.report.findings import Finding, findings
from tunescope.report.gallery import Section, gallery, screen_figure_of
from tunescope.report.html import content_policy, package_version, page_scripts, page_template, template_text
from tunescope.report.places import splits
from tunescope.report.summary import summary_text, tiles
from tunescope.report.tables import readable_table
from tunescope.report.wording import split_title
from tunescope.studies.comparison import Comparison

__all__ = ["render_page"]


def render_page(comparison: Comparison) -> str:
    """Return the report as one HTML page.

    The page holds its style, its script, plotly and the data of its figures. Its content security policy admits
    nothing else: no address, and no script but these two, which it names by their hashes.
    """
    sections = gallery(comparison)
    scripts = page_scripts()
    return page_template("page.html.j2").render(
        comparison=comparison,
        policy=content_policy(scripts.values()),
        style=Markup(template_text("page.css")),
        scripts=scripts,
        data=Markup(json_for_script(_page_data(comparison, sections))),
        sections=[_describe_section(section) for section in sections],
        summary=summary_text(comparison),
        tiles=tiles(comparison),
        findings=_sorted_findings(comparison),
        figure_titles=_figure_titles(sections),
        splits=[split_title(split) for split in splits(comparison)],
        kinds=KINDS,
        changed=changed_examples(comparison),
        n_changed=Counter(item.kind for item in changed_examples(comparison)),
        version=package_version(),
    )


def _describe_section(section: Section) -> dict[str, Any]:
    figures = [
        {"info": info, "table": readable_table(info), "undefined": undefined(info)} for info in section.infos
    ]
    return {"key": section.key, "title": section.title, "missing": section.missing, "figures": figures}


def _sorted_findings(comparison: Comparison) -> dict[str, list[Finding]]:
    found = findings(comparison)
    titles = {"result": "What came out", "advice": "What to try", "caution": "What to mind"}
    groups = {title: [finding for finding in found if finding.kind == kind] for kind, title in titles.items()}
    return {title: group for title, group in groups.items() if group}


def _figure_titles(sections: Iterable[Section]) -> dict[str, str]:
    """Return the title of every figure that is drawn, by key: findings link to these only."""
    drawn = [info for section in sections for info in section.infos if info.missing is None]
    return {info.key: info.title for info in drawn}


def _page_data(comparison: Comparison, sections: Iterable[Section]) -> dict[str, Any]:
    infos = [info for section in sections for info in section.infos if info.missing is None]
    return {
        "figures": {info.key: _figure_data(info) for info in infos},
        "splits": [split_title(split) for split in splits(comparison)],
        "nLayers": comparison.n_layers,
    }


def _figure_data(info: FigureInfo) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(screen_figure_of(info).to_json())
    return {"data": figure["data"], "layout": figure["layout"]}
