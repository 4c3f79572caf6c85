import pytest

from tunescope.tasks.arc_label import parse_arc
from tunescope.tasks.dependency_trees_reader import read_trees
from tunescope.tasks.example import Span
from tunescope.tasks.parse_reader import read_parses

SENTENCES = """# sent_id = s1
1-2\tShe's\t_\t_\t_\t_\t_\t_\t_\t_
1\tShe\tshe\tPRON\tPRP\t_\t3\tnsubj:pass\t_\t_
2\t's\tbe\tAUX\tVBZ\t_\t3\taux:pass\t_\t_
2.1\tso\tso\tADV\tRB\t_\t_\t_\t3:advmod\t_
3\tgone\tgo\tVERB\tVBN\t_\t0\troot\t_\t_
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_

# sent_id = nothing is said
1.1\tso\tso\tADV\tRB\t_\t_\t_\t0:root\t_
"""


def row(word, head, relation="dep"):
    return f"{word}\tx\t_\tX\t_\t_\t{head}\t{relation}\t_\t_\n"


def labels(examples):
    return [[target.label for target in example.targets] for example in examples]


def test_heads_and_universal_relations_of_words(write):
    examples = read_parses(write("a.conllu", SENTENCES))
    assert [example.sentence_id for example in examples] == ["s1", "a.conllu:9"]
    assert examples[0].text == ("She", "'s", "gone", ".")
    assert labels(examples) == [["3:nsubj", "3:aux", "0:root", "3:punct"], ["0:root"]]
    assert [target.spans for target in examples[0].targets] == [(Span(i, i + 1),) for i in range(4)]


@pytest.mark.parametrize(
    ("rows", "what", "where"),
    [
        (row(1, 2) + row(2, 1), "A tree has no root", "line 2, column 'HEAD'"),
        (row(1, 0) + row(2, 0), "A tree has more than one root", "line 3, column 'HEAD'"),
        (
            row(1, 0) + row(2, 3) + row(3, 2),
            "Words are heads of one another in a circle",
            "line 3, column 'HEAD'",
        ),
        (row(1, 0) + row(2, "_"), "A head is no word of its sentence", "line 3, column 'HEAD'"),
        (row(1, 0, "root") + row(2, 1, "_"), "A word has no relation", "line 3, column 'DEPREL'"),
        (row(1, 0, ":pass"), "A word has no relation", "line 2, column 'DEPREL'"),
        (row(1, 0, " "), "A word has no relation", "line 2, column 'DEPREL'"),
        ("1\tx\n", "A row has the wrong number of columns", "line 2"),
    ],
)
def test_refusals(write, refusal, rows, what, where):
    message = refusal(read_parses, write("a.conllu", "# sent_id = s1\n" + rows))
    assert what in message
    assert where in message


def test_another_encoding(write):
    path = write("a.conllu", SENTENCES.replace("gone", "gönne").encode("latin-1"))
    assert "gönne" in read_parses(path, encoding="latin-1")[0].text


def test_pud_has_the_trees_that_probes_read(shared_data):
    path = shared_data("ud/PUD-r2.5/en_pud-ud-test.conllu")
    examples, trees = read_parses(path), read_trees(path)
    arcs = [parse_arc(str(label)) for sentence in labels(examples) for label in sentence]
    assert [head for head, _ in arcs] == trees.heads.tolist()
    assert [len(example.targets) for example in examples] == trees.lengths.tolist()
    assert len(arcs) == 21_176
    assert len({relation for _, relation in arcs}) == 35
    assert sum(arc == (0, "root") for arc in arcs) == len(examples) == 1000
