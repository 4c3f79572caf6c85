import pytest

from tunescope.tasks.example import Target
from tunescope.tasks.snli_reader import read_snli


@pytest.fixture
def parallel(write):
    def files(s1="A man .\nA dog .\n", s2="A person .\nA cat .\n", labels="entailment\ncontradiction\n"):
        write("s2.dev", s2)
        write("labels.dev", labels)
        return write("s1.dev", s1)

    return files


@pytest.mark.parametrize("name", ["s1.dev", "s2.dev", "labels.dev"])
def test_any_of_the_three_files_names_them_all(parallel, name):
    first, second = read_snli(parallel().with_name(name))
    assert (first.sentence_id, first.text, first.second_text) == ("s1.dev:1", "A man .", "A person .")
    assert first.targets == (Target("entailment"),)
    assert second.targets == (Target("contradiction"),)


def test_other_name(write, refusal):
    message = refusal(read_snli, write("dev.tsv", "x"))
    assert "not that of one of three parallel files" in message
    assert "dev.tsv" in message


def test_folder(tmp_path, refusal):
    assert "not that of one of three parallel files" in refusal(read_snli, tmp_path)


def test_file_missing(write, refusal):
    message = refusal(read_snli, write("s1.dev", "x"))
    assert "There is no such file" in message
    assert "s2.dev" in message


def test_different_numbers_of_lines(parallel, refusal):
    message = refusal(read_snli, parallel(s2="A person .\n"))
    assert "differ in their number of lines" in message
    assert "after line 1" in message
    assert "s1.dev: 2, s2.dev: 1, labels.dev: 2" in message


def test_empty_text(parallel, refusal):
    message = refusal(read_snli, parallel(s2="A person .\n  \n"))
    assert "A text is empty" in message
    assert "s2.dev, line 2" in message


def test_unknown_label(parallel, refusal):
    message = refusal(read_snli, parallel(labels="entailment\n-\n"))
    assert "A label is unknown" in message
    assert "labels.dev, line 2" in message


@pytest.mark.parametrize(("split", "n"), [("dev", 9_842), ("test", 9_824)])
def test_counts(shared_data, split, n):
    examples = read_snli(shared_data(f"snli/s1.{split}"))
    assert len(examples) == n
    assert {e.targets[0].label for e in examples} == {"entailment", "neutral", "contradiction"}
