import json
import time

import pytest

from tunescope.tasks.example import LabelKind, Target
from tunescope.tasks.table_reader import read_table


def test_comma_separated_with_quotes_and_line_breaks(write):
    path = write("a.csv", 'id,text,label\n\n1,"a ""b"", c\nd", x \n2,e,y\n')
    first, second = read_table(path)
    assert (first.sentence_id, first.text, first.targets) == ("a.csv:3", 'a "b", c\nd', (Target("x"),))
    assert (second.sentence_id, second.text) == ("a.csv:5", "e")


def test_tab_separated_is_unquoted_unless_told(write):
    path = write("a.tsv", 'text\tlabel\n"a" b\tx\n"c\td\n')
    assert [example.text for example in read_table(path)] == ['"a" b', '"c']
    quoted = write("b.tsv", 'text\tlabel\n"a\tb"\tx\n')
    assert [example.text for example in read_table(quoted, quoted=True)] == ["a\tb"]


def test_unquoted_comma_separated(write):
    (example,) = read_table(write("a.csv", 'text,label\n"a,x\n'), quoted=False)
    assert example.text == '"a'


def test_json_lines(write):
    rows = [{"text": "a", "label": 1}, {"text": "b", "label": True}, {"text": "c", "label": " x "}]
    examples = read_table(write("a.jsonl", "\n".join(map(json.dumps, rows))))
    assert [example.targets[0].label for example in examples] == ["1", "true", "x"]


def test_pairs_numbers_and_names_of_columns(write):
    path = write("a.txt", "score;one;two\n2,5;a;b\n".replace("2,5", "2.5"))
    (example,) = read_table(
        path, text="one", second_text="two", label="score", label_kind=LabelKind.NUMBER, separator=";"
    )
    assert (example.text, example.second_text, example.targets) == ("a", "b", (Target(2.5),))


@pytest.mark.parametrize("text", ["NA", "null", "nan", "None"])
def test_words_that_look_like_nothing_are_words(write, text):
    (example,) = read_table(write("a.csv", f"text,label\n{text},{text}\n"))
    assert (example.text, example.targets) == (text, (Target(text),))


def test_latin_1(write):
    (example,) = read_table(write("a.csv", b"text,label\nna\xefve,x\n"), encoding="latin-1")
    assert example.text == "naïve"


@pytest.mark.parametrize(
    ("name", "content", "what", "where"),
    [
        ("a.csv", "text,class\na,x\n", "A column is missing", "line 1, column 'label'"),
        ("a.csv", "text,label,label\na,x,y\n", "A column occurs twice", "line 1, column 'label'"),
        ("a.csv", "text,label\na\n", "wrong number of columns", "line 2"),
        ("a.csv", "text,label\na,b,x\n", "wrong number of columns", "line 2"),
        ("a.csv", 'text,label\nb,y\n"a,x\nc,z\n', "A row is malformed", "line 3"),
        ("a.csv", 'text,label\n"a" b,x\n', "A row is malformed", "line 2"),
        ("a.csv", 'text,label\n"' + "a" * 200_000 + '",x\n', "A row is malformed", "line 2"),
        ("a.csv", "text,label\n  ,x\n", "A text is empty", "line 2, column 'text'"),
        ("a.csv", 'text,label\n"a\nb",x\nc, \n', "A row has no class", "line 4, column 'label'"),
        ("a.jsonl", '{"text": "a"}', "A column is missing", "line 1, column 'label'"),
        ("a.jsonl", "{}", "an empty object", "line 1, column 'text'"),
        ("a.jsonl", '{"text": 1, "label": "x"}', "A text is no text", "line 1, column 'text'"),
        ("a.jsonl", '{"text": "a", "label": null}', "A row has no class", "line 1, column 'label'"),
        ("a.jsonl", '{"text": "a", "label": 1.0}', "A row has no class", "line 1, column 'label'"),
        ("a.jsonl", '{"text": "a"', "A line is not JSON", "line 1, character"),
    ],
    ids=range(15),
)
def test_refusals_name_file_line_and_column(write, refusal, name, content, what, where):
    message = refusal(read_table, write(name, content))
    assert what in message
    assert f"{name}, {where}" in message


@pytest.mark.parametrize("value", ["NaN", "inf", "", "x"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_numbers_that_are_none(write, refusal, name, value):
    row = f"a,{value}\n" if name == "a.csv" else json.dumps({"text": "a", "label": value})
    content = f"text,label\n{row}" if name == "a.csv" else "\n" + row
    message = refusal(read_table, write(name, content), label_kind=LabelKind.NUMBER)
    assert "A label is no finite number" in message
    assert f"{name}, line 2, column 'label'" in message


def test_bare_nan_in_json(write, refusal):
    path = write("a.jsonl", '{"text": "a", "label": NaN}')
    assert "no finite number" in refusal(read_table, path, label_kind=LabelKind.NUMBER)


def test_quoted_fields_read_as_unquoted(write, refusal):
    message = refusal(read_table, write("a.tsv", 'text\tlabel\n"a\tb"\tx\n'))
    assert "say quoted=True" in message


def test_unknown_kind_of_table(write, refusal):
    message = refusal(read_table, write("a.xlsx", "x"))
    assert "The kind of the table is unknown" in message
    assert "a.xlsx" in message
    assert ".csv, .tsv, .tab, .jsonl, .ndjson" in message


@pytest.mark.parametrize("separator", ["ab", "\n", '"'])
def test_unsuitable_separator(write, refusal, separator):
    message = refusal(read_table, write("a.txt", "x"), separator=separator)
    assert "not a single character" in message
    assert repr(separator) in message


def test_label_kind_that_no_table_holds(write, refusal):
    message = refusal(read_table, write("a.csv", "text,label\na,x\n"), label_kind=LabelKind.TREE)
    assert "label_kind" in message
    assert "got: tree" in message


def test_large_table_is_read_fast(shared_data):
    path = shared_data("glue/SST-2/train.tsv")
    start = time.process_time()
    assert len(read_table(path, text="sentence")) == 67_349
    assert time.process_time() - start < 5  # takes well below one
