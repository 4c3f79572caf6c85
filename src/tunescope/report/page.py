"""The page: everything in one HTML file that needs nothing else and asks nothing of any network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from tunescope.report.escaping import json_for_script, visible_text
from tunescope.report.examples import KINDS, changed_examples
from tunescope.report.figure_info import FigureInfo, undefined
from tunescope.report.findings import Finding, findings
from tunescope.report.gallery import Section, gallery, screen_figure_of
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
    scripts = {"plotly": _script(get_plotlyjs()), "page": _script(_template("page.js"))}
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, finalize=_visible
    )
    template = environment.from_string(_template("page.html.j2"))
    return template.render(
        comparison=comparison,
        policy=_policy(scripts.values()),
        style=Markup(_template("page.css")),
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
        version=_version(),
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


def _script(source: str) -> Markup:
    """Return a script as it may stand in a page; a closing tag within it would end it early."""
    return Markup(source.replace("</script", "<\\/script").replace("<!--", "<\\!--"))


def _policy(scripts: Iterable[Markup]) -> str:
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )


def _template(name: str) -> str:
    return files("tunescope.report").joinpath("templates", name).read_text(encoding="utf-8")


def _visible(value: object) -> object:
    return visible_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _version() -> str:
    try:
        return version("tunescope")
    except PackageNotFoundError:
        return "unknown"
