import pytest

from tunescope.tasks.json_lines import read_json_lines


def read(path):
    return list(read_json_lines(path))


def test_objects_and_lines(write):
    path = write("a.jsonl", '{"a": 1}\n\n{"b": "\\ud83d\\ude00\\u00e9"}\n')
    assert read(path) == [(1, {"a": 1}), (3, {"b": "😀é"})]


@pytest.mark.parametrize(
    ("line", "what", "where"),
    [
        ('{"a": }', "A line is not JSON", "a.jsonl, line 2, character 7"),
        ("[" * 100_000, "cannot be read as JSON", "a.jsonl, line 2"),
        ('{"a": ' + "1" * 5000 + "}", "cannot be read as JSON", "a.jsonl, line 2"),
        ("[1]", "A line is no JSON object", "a.jsonl, line 2"),
        ('{"a": "\\ud83d"}', "half of a surrogate pair", "a.jsonl, line 2"),
    ],
    ids=["syntax", "deep", "long number", "list", "surrogate"],
)
def test_malformed_lines(write, refusal, line, what, where):
    message = refusal(read, write("a.jsonl", f"{{}}\n{line}\n"))
    assert what in message
    assert where in message
