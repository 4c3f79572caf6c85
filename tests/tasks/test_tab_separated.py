import pytest

from tunescope.tasks.tab_separated import read_tab_separated


def test_wanted_columns_without_quoting(write):
    path = write("a.tsv", 'x\ty\tz\n1\t"two\t3\n\n4\t5"\t6\n')
    assert list(read_tab_separated(path, ("z", "y"))) == [(2, ["3", '"two']), (4, ["6", '5"'])]


def test_without_header(write):
    assert list(read_tab_separated(write("a.tsv", "1\t\n"), ("x", "y"), header=False)) == [(1, ["1", ""])]


@pytest.mark.parametrize(("header", "what"), [("x\tw", "is missing"), ("x\ty\ty", "occurs twice")])
def test_column_missing_or_twice(write, refusal, header, what):
    message = refusal(lambda path: list(read_tab_separated(path, ("x", "y"))), write("a.tsv", header))
    assert f"A column {what}" in message
    assert "a.tsv, line 1, column 'y'" in message


@pytest.mark.parametrize("row", ["1", "1\t2\t3"])
def test_wrong_number_of_columns(write, refusal, row):
    path = write("a.tsv", f"x\ty\n1\t2\n{row}\n")
    message = refusal(lambda path: list(read_tab_separated(path, ("x",))), path)
    assert "wrong number of columns" in message
    assert "a.tsv, line 3" in message
    assert "2 columns, separated by tabs: x, y" in message
