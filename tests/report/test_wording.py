"""Numbers and texts as people read them."""

from __future__ import annotations

import doctest
import json
import math

import pytest
from tests.report.factory import HOSTILE, estimate

from tunescope.report import escaping, wording
from tunescope.report.escaping import json_for_script, plotly_text, print_text, short_names, visible_text
from tunescope.report.wording import difference_text, estimate_text, range_text, signed_text, value_text


@pytest.mark.parametrize("module", [escaping, wording])
def test_examples_in_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measure", "value", "text"),
    [
        ("probe_accuracy", 0.8614, "86.1\u202f%"),
        ("rsa", -0.834, "−0.83"),
        ("rsa", 0.9974, "0.997"),
        ("rsa", 1.0, "1.00"),
        ("rsa", -0.0001, "0.000"),
        ("weight_change", 0.0123, "0.012"),
        ("rsa", math.nan, "not defined"),
        ("centroid_shift", math.inf, "∞"),
        ("not in the catalogue", 0.5, "0.50"),
    ],
)
def test_values(measure: str, value: float, text: str) -> None:
    assert value_text(measure, value) == text


def test_differences_have_signs_and_points() -> None:
    assert signed_text("probe_accuracy", -0.05) == "−5.0"
    assert range_text("probe_accuracy", estimate(0.069, 0.009), signed=True) == "+6.0\u00a0…\u00a0+7.8"
    assert difference_text("probe_accuracy", estimate(0.069, 0)) == "+6.9 points, no interval"


def test_an_undefined_figure_gives_its_reason() -> None:
    assert estimate_text("rsa", estimate(math.nan, status="no pairs")) == "not defined: no pairs"


def test_one_estimate_has_one_number_of_digits() -> None:
    assert estimate_text("rsa", estimate(1.0, 0.004)) == "1.000 (0.996\u00a0…\u00a01.004)"


def test_plotly_and_matplotlib_show_their_own_languages_as_text() -> None:
    assert plotly_text("<b>&lt;") == "&lt;b&gt;&amp;lt;"
    assert print_text("$x$") == r"\$x\$"
    assert not print_text("_name").startswith("_")


def test_control_characters_and_turned_text_become_visible() -> None:
    assert visible_text("a\x00b\x1b\u202ec") == "a␀b␛\ufffdc"


def test_short_names_stay_apart() -> None:
    names = short_names([*HOSTILE, *HOSTILE], 12)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("text", HOSTILE)
def test_json_in_a_script_cannot_end_it(text: str) -> None:
    embedded = json_for_script({"text": text})
    assert not set("<>&\u2028") & set(embedded)
    assert json.loads(embedded) == {"text": text}


def test_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_for_script([math.nan])
