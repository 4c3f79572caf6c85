import numpy as np
import pytest

from tunescope.tasks.conllu_reader import read_dependencies
from tunescope.tasks.dependency_trees_reader import is_punctuation, read_trees
from tunescope.tasks.example import Span, Target

SENTENCES = """# sent_id = s1
1-2\tShe's\t_\t_\t_\t_\t_\t_\t_\t_
1\tShe\tshe\tPRON\tPRP\t_\t3\tnsubj\t_\t_
2\t's\tbe\tAUX\tVBZ\t_\t3\taux\t_\t_
2.1\tso\tso\tADV\tRB\t_\t_\t_\t3:advmod\t_
3\tgone\tgo\tVERB\tVBN\t_\t0\troot\t_\t_
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

# sent_id = s2
1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_

# sent_id = s3
1\tSiehe\tsehen\tVERB\tVVIMP\t_\t0\troot\t_\t_
2\t!\t!\tPUNCT\t$.\t_\t1\tpunct\t_\t_
"""


def row(word, head, tag="X"):
    return f"{word}\tx\t_\t{tag}\t_\t_\t{head}\tdep\t_\t_\n"


def test_words_heads_and_punctuation_stand_side_by_side(write):
    text = read_trees(write("a.conllu", SENTENCES))
    assert [example.sentence_id for example in text.examples] == ["s1", "s2", "s3"]
    assert text.examples[0].text == ("She", "'s", "gone", ".")
    assert text.examples[0].targets == tuple(
        Target(tag, (Span(i, i + 1),)) for i, tag in enumerate(["PRON", "AUX", "VERB", "PUNCT"])
    )
    assert text.heads.tolist() == [3, 3, 0, 3, 0, 0, 1]
    assert text.lengths.tolist() == [4, 1, 2]
    assert text.scored.tolist() == [True, True, True, False, True, True, False]


def test_a_slice_of_sentences(write):
    path = write("a.conllu", SENTENCES)
    assert [example.sentence_id for example in read_trees(f"{path}[1:]").examples] == ["s2", "s3"]
    assert read_trees(f"{path}[-1:]").heads.tolist() == [0, 1]


def test_what_the_slice_leaves_out_may_be_no_tree(write):
    path = write("a.conllu", SENTENCES + "\n" + row(1, 1))
    assert len(read_trees(f"{path}[:3]").examples) == 3


@pytest.mark.parametrize(
    ("upos", "xpos", "expected"),
    [
        ("PUNCT", ",", True),
        ("PUNCT", "-LRB-", True),
        ("SYM", ":", True),  # the Penn tag decides
        ("PUNCT", "SYM", False),
        ("SYM", "$", False),
        ("PUNCT", "HYPH", True),  # no tag of the Penn Treebank
        ("PUNCT", "_", True),
        ("NOUN", "_", False),
        ("PUNCT", "$,", True),
    ],
)
def test_punctuation(upos, xpos, expected):
    assert is_punctuation(upos, xpos) is expected


@pytest.mark.parametrize(
    ("rows", "what", "line"),
    [
        (row(1, 2) + row(2, 1), "A tree has no root", 2),
        (row(1, 0) + row(2, 0), "A tree has more than one root", 3),
        (row(1, 0) + row(2, 3) + row(3, 2), "Words are heads of one another in a circle", 3),
        (row(1, 0) + row(2, 2), "Words are heads of one another in a circle", 3),
        *(
            (row(1, 0) + row(2, head), "A head is no word of its sentence", 3)
            for head in ("7", "-1", "_", "two", "²", "9" * 30)
        ),
    ],
)
def test_a_tree_that_is_none_names_its_line(write, refusal, rows, what, line):
    message = refusal(read_trees, write("a.conllu", "# sent_id = s1\n" + rows))
    assert what in message
    assert f"a.conllu, line {line}, column 'HEAD'" in message
    assert "heads from 1 to" in message


def test_no_sentence(write, refusal):
    message = refusal(read_trees, f"{write('a.conllu', SENTENCES)}[3:]")
    assert "The slice holds no sentence" in message
    assert "a slice of the file's 3 sentences" in message
    assert "The file holds no sentence" in refusal(read_trees, write("b.conllu", "# nothing\n"))


@pytest.mark.parametrize("split", ["dev", "test"])
def test_ewt_trees_have_the_edges_that_the_dependencies_have(shared_data, split):
    path = shared_data(f"ud/EWT-r2.16/en_ewt-ud-{split}.conllu")
    text, pairs = read_trees(path), read_dependencies(path)
    assert [example.text for example in text.examples] == [example.text for example in pairs]
    starts = np.cumsum(text.lengths) - text.lengths
    for start, example, pair in zip(starts, text.examples, pairs, strict=True):
        heads = text.heads[start : start + len(example.targets)]
        edges = [(target.spans[0].start, target.spans[1].end) for target in pair.targets]
        assert [(word, head) for word, head in enumerate(heads.tolist()) if head] == edges
