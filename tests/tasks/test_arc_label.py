import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope.tasks.arc_label import arc_label, parse_arc, universal_relation


@given(st.integers(0, 10**6), st.text(min_size=1))
def test_a_label_holds_both(head, relation):
    assert parse_arc(arc_label(head, relation)) == (head, relation)


def test_known_labels():
    assert arc_label(3, "nsubj") == "3:nsubj"
    assert parse_arc("0:root") == (0, "root")
    assert parse_arc("10:nmod:poss") == (10, "nmod:poss")


@pytest.mark.parametrize(
    "label", ["", ":", "3", "3:", ":nsubj", "nsubj", "-1:nsubj", "²:nsubj", "1.5:x", "9" * 30 + ":x"]
)
def test_what_is_no_label(label, refusal):
    message = refusal(parse_arc, label)
    assert "names no arc" in message
    assert repr(label) in message


def test_what_makes_no_label(refusal):
    assert "A head is no word" in refusal(arc_label, -1, "nsubj")
    assert "A relation is empty" in refusal(arc_label, 1, "")


def test_universal_relations():
    relations = ["nsubj", "nsubj:pass", "obl:tmod:x", ""]
    assert list(map(universal_relation, relations)) == ["nsubj", "nsubj", "obl", ""]
