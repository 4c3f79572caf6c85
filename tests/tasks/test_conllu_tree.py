import pytest

from tunescope.tasks.conllu_sentence import ConlluSentence, Row
from tunescope.tasks.conllu_tree import tree_heads, tree_words


def row(line, word_id, head):
    return Row(line, word_id, [str(word_id), "x", "_", "X", "_", "_", head, "dep", "_", "_"])


def test_empty_nodes_are_no_words_of_the_tree():
    rows = [row(1, 1, "2"), row(2, None, "_"), row(3, 2, "0")]
    words = tree_words(ConlluSentence("s1", rows))
    assert words == [rows[0], rows[2]]
    assert tree_heads(words, "a.conllu").tolist() == [2, 0]


@pytest.mark.parametrize("head", ["1", "7", "-1", "_", "²", "9" * 30])
def test_what_is_no_tree(head, refusal):
    message = refusal(tree_heads, [row(4, 1, "0"), row(5, 2, "2" if head == "1" else head)], "a.conllu")
    assert "a.conllu, line 5, column 'HEAD'" in message
    assert "a tree: heads from 1 to 2, and 0 for the one root" in message
