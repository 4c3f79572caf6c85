import pytest

from tunescope.tasks.example import Target
from tunescope.tasks.trec_reader import read_trec_coarse, read_trec_fine


def test_labels_and_double_spaces(write):
    path = write("a.label", "\nLOC:city What is  Bonn \xff ?\n".encode("latin-1"))
    ((coarse,), (fine,)) = read_trec_coarse(path), read_trec_fine(path)
    assert coarse.text == fine.text == "What is Bonn ÿ ?"
    assert coarse.sentence_id == "a.label:2"
    assert (coarse.targets, fine.targets) == ((Target("LOC"),), (Target("LOC:city"),))


@pytest.mark.parametrize("line", ["What is it ?", "LOC: What ?", ":city What ?"])
def test_line_without_label(write, refusal, line):
    message = refusal(read_trec_coarse, write("a.label", f"LOC:city Where ?\n{line}\n"))
    assert "does not begin with a label" in message
    assert "a.label, line 2, column 'label'" in message


def test_line_without_question(write, refusal):
    message = refusal(read_trec_fine, write("a.label", "LOC:city \n"))
    assert "A question is empty" in message
    assert "a.label, line 1, column 'question'" in message


def test_counts(shared_data):
    train, test = shared_data("trec/train_5500.label"), shared_data("trec/TREC_10.label")
    assert (len(read_trec_coarse(train)), len(read_trec_coarse(test))) == (5_452, 500)
    assert len({e.targets[0].label for e in read_trec_coarse(train)}) == 6
    assert len({e.targets[0].label for e in read_trec_fine(train)}) == 50
    assert len({e.targets[0].label for e in read_trec_fine(test)}) == 42


def test_wrong_encoding_is_explained(shared_data, refusal):
    message = refusal(read_trec_coarse, shared_data("trec/train_5500.label"), encoding="utf-8")
    assert "byte 0xf0" in message
    assert 'encoding="latin-1"' in message
