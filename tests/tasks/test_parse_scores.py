import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope.tasks.parse_reader import read_parses
from tunescope.tasks.parse_scores import las, uas

ARCS = st.tuples(st.integers(0, 3), st.sampled_from(["nsubj", "nsubj:pass", "obj", "root"]))
PAIRS = st.lists(st.tuples(ARCS, ARCS), min_size=1, max_size=20)

# "Let's not": a multiword token of two words, an empty node, punctuation; and a sentence of one word
GOLD = """1-2\tLet's\t_\t_\t_\t_\t_\t_\t_\t_
1\tLet\tlet\tVERB\tVB\t_\t0\troot\t_\t_
2\t's\twe\tPRON\tPRP\t_\t1\tobj\t_\t_
3\tnot\tnot\tPART\tRB\t_\t1\tadvmod:neg\t_\t_
3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t1:xcomp\t_
4\t.\t.\tPUNCT\t.\t_\t1\tpunct\t_\t_

1\tNo\tno\tINTJ\tUH\t_\t0\troot\t_\t_
"""
PREDICTED = """1-2\tLet's\t_\t_\t_\t_\t_\t_\t_\t_
1\tLet\tlet\tVERB\tVB\t_\t0\troot\t_\t_
2\t's\twe\tPRON\tPRP\t_\t1\tnsubj\t_\t_
3\tnot\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_
3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t3:xcomp\t_
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

1\tNo\tno\tINTJ\tUH\t_\t0\troot\t_\t_
"""


def arcs_of(path):
    return np.array([target.label for example in read_parses(path) for target in example.targets])


def test_multiword_tokens_and_empty_nodes(write):
    """Of 5 words (Let, 's, not, the full stop, No) 4 have the right head; of these, 's has the wrong relation."""
    gold, predicted = arcs_of(write("gold.conllu", GOLD)), arcs_of(write("predicted.conllu", PREDICTED))
    assert len(gold) == len(predicted) == 5
    assert uas(gold, predicted) == 4 / 5
    assert las(gold, predicted) == 3 / 5
    assert uas(gold, gold) == las(gold, gold) == 1


def test_subtypes_are_not_compared_and_relations_to_wrong_heads_do_not_count():
    gold = ["2:nsubj:pass", "0:root", "2:obl:tmod", "3:case"]
    assert las(gold, ["2:nsubj", "0:root", "2:obl:agent", "3:case"]) == 1
    assert las(gold, ["3:nsubj:pass", "0:root", "2:obj", "3:mark"]) == 1 / 4
    assert uas(gold, ["3:nsubj:pass", "0:root", "2:obj", "3:mark"]) == 3 / 4


@given(PAIRS)
def test_the_definition(pairs):
    gold, predicted = (
        [f"{head}:{relation}" for head, relation in column] for column in zip(*pairs, strict=True)
    )
    heads = [right[0] == guess[0] for right, guess in pairs]
    both = [
        right[0] == guess[0] and right[1].split(":")[0] == guess[1].split(":")[0] for right, guess in pairs
    ]
    assert uas(gold, predicted) == pytest.approx(sum(heads) / len(pairs))
    assert las(np.array(gold), predicted) == pytest.approx(sum(both) / len(pairs))
    assert las(gold, predicted) <= uas(gold, predicted)
    assert las(gold[::-1], predicted[::-1]) == las(gold, predicted) == las(predicted, gold)


@pytest.mark.parametrize("metric", [uas, las])
def test_without_words_there_is_no_score(metric):
    assert math.isnan(metric([], []))


@pytest.mark.parametrize("metric", [uas, las])
def test_refusals(metric, refusal):
    assert "do not pair up" in refusal(metric, ["0:root"], ["0:root", "1:obj"])
    assert "shapes (1, 1) (gold)" in refusal(metric, [["0:root"]], [["0:root"]])
    assert "several words" in refusal(metric, "0:root", "0:root")
    assert "names no arc" in refusal(metric, ["0:root"], ["root"])
