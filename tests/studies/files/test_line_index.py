import pytest

from tunescope.studies.files.line_index import LineIndex
from tunescope.studies.files.places import dotted


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_and_columns(line_break):
    text = line_break.join(["ab", "", "c\u2028d"])
    lines = LineIndex(text)
    assert lines.line_and_column(0) == (1, 1)
    assert lines.line_and_column(text.index("b")) == (1, 2)
    assert lines.line_and_column(text.index("d")) == (3, 3)
    assert [lines.content(line) for line in (1, 2, 3)] == ["ab", "", "c\u2028d"]
    assert lines.line(len(text)) == 3


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ((), ""),
        (("models", 1, "path"), "models[1].path"),
        (("a", "two words", 0), "a['two words'][0]"),
        (("out_of_domain", "web-2"), "out_of_domain.web-2"),
    ],
)
def test_places(place, text):
    assert dotted(place) == text
