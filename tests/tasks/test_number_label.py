import math

import pytest

from tunescope.tasks.number_label import parse_number


@pytest.mark.parametrize(
    ("value", "number"),
    [("3.5", 3.5), (" -1e3 ", -1000.0), (".5", 0.5), ("2.", 2.0), (4, 4.0), (0.25, 0.25), ("0", 0.0)],
)
def test_numbers(value, number):
    parsed = parse_number(value, "here")
    assert isinstance(parsed, float)
    assert parsed == number


@pytest.mark.parametrize(
    "value",
    ["", " ", "NaN", "inf", "-Infinity", "1e999", "three", "3,5", "1_000", "٣", "0x1", None, True, [1]],
)
def test_others_are_refused_with_their_place(refusal, value):
    message = refusal(parse_number, value, "a.tsv, line 7, column 'score'")
    assert "A label is no finite number" in message
    assert "a.tsv, line 7, column 'score'" in message


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400], ids=["nan", "inf", "huge"])
def test_numbers_that_are_not_finite(refusal, value):
    assert "A label is no finite number" in refusal(parse_number, value, "here")


def test_nothing_is_said_to_be_nothing(refusal):
    assert "got: nothing" in refusal(parse_number, "", "here")
