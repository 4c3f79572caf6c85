import pytest

from tunescope.tasks.conllu_sentence import read_conllu_sentences

COLUMNS = ("ID", "FORM", "TAG")


def read(path):
    return list(read_conllu_sentences(path, COLUMNS))


def test_sentences_rows_and_names(write):
    path = write(
        "a.conllu",
        "# newdoc\n# sent_id = s-1\n1-2\tcan't\t_\n1\tca\tA\n2\tn't\tB\n2.1\tgo\tV\n\n\n# text = x\n1\tx\tA",
    )
    first, second = read(path)
    assert (first.sentence_id, second.sentence_id) == ("s-1", "a.conllu:9")
    assert [(row.line, row.word_id) for row in first.rows] == [(4, 1), (5, 2), (6, None)]
    assert first.words(empty_nodes=True) == ("ca", "n't", "go")
    assert first.words(empty_nodes=False) == ("ca", "n't")


def test_comments_alone_are_no_sentence(write):
    assert read(write("a.conllu", "# only\n\n# comments\n")) == []


def test_hash_as_a_word_is_a_word(write):
    (sentence,) = read(write("a.conllu", "1\t#\tSYM\n"))
    assert sentence.words(empty_nodes=True) == ("#",)


def test_forms_may_hold_spaces(write):
    (sentence,) = read(write("a.conllu", "1\t10  000\tNUM\n"))
    assert sentence.words(empty_nodes=True) == ("10  000",)


@pytest.mark.parametrize(
    ("row", "what", "where"),
    [
        ("1\tx", "wrong number of columns", "line 2"),
        ("1 x A", "wrong number of columns", "line 2"),
        ("1\t\tA", "A word is empty", "line 2, column 'FORM'"),
        ("x\tx\tA", "does not begin with a word's number", "line 2, column 'ID'"),
        ("_\tx\tA", "does not begin with a word's number", "line 2, column 'ID'"),
        ("2\tx\tA", "not numbered one after the other", "line 2, column 'ID'"),
    ],
)
def test_malformed_rows(write, refusal, row, what, where):
    message = refusal(read, write("a.conllu", f"# sent_id = 1\n{row}\n"))
    assert what in message
    assert f"a.conllu, {where}" in message


def test_missing_blank_line(write, refusal):
    message = refusal(read, write("a.conllu", "1\tx\tA\n1\ty\tA\n"))
    assert "expected: 2" in message
    assert "got: 1" in message
    assert "end every sentence with a blank line" in message
