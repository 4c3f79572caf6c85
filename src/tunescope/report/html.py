"""What every page is made with: templates whose text is escaped, scripts named by hash, and a strict policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from tunescope.report.escaping import visible_text

__all__ = ["content_policy", "package_version", "page_scripts", "page_template", "template_text"]

_PACKAGE = "tunescope.report"


def page_template(name: str, package: str = _PACKAGE) -> Template:
    """Return a page's template, which escapes every text and makes control characters visible."""
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, finalize=_visible
    )
    return environment.from_string(template_text(name, package))


def template_text(name: str, package: str = _PACKAGE) -> str:
    """Return the text of a file among the templates of a package."""
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


def page_scripts() -> dict[str, Markup]:
    """Return the scripts of a page by name: plotly, and the one that draws and links the figures."""
    return {"plotly": _script(get_plotlyjs()), "page": _script(template_text("page.js"))}


def content_policy(scripts: Iterable[Markup]) -> str:
    """Return a content security policy that admits no address, and no script but these, named by their hashes."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )


def package_version() -> str:
    """Return the version of the package that writes the page."""
    try:
        return version("tunescope")
    except PackageNotFoundError:
        return "unknown"


def _script(source: str) -> Markup:
    """Return a script as it may stand in a page; a closing tag within it would end it early."""
    return Markup(source.replace("</script", "<\\/script").replace("<!--", "<\\!--"))


def _visible(value: object) -> object:
    return visible_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value
