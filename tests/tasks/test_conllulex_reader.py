import pytest

from tunescope.tasks.conllulex_reader import read_preposition_functions, read_preposition_roles
from tunescope.tasks.example import Span, Target


def row(word_id, form, *, smwe="_", ss="_", ss2="_"):
    return "\t".join([word_id, form, *["_"] * 8, smwe, "P", form, ss, ss2, *["_"] * 4]) + "\n"


SENTENCE = (
    "# sent_id = s1\n"
    + row("1", "out", smwe="1:1", ss="p.Source", ss2="p.Source")
    + row("2", "of", smwe="1:2")
    + row("2.1", "left", ss="p.Time", ss2="p.Time")
    + row("3", "by", ss="p.Agent", ss2="p.Source")
    + row("4", "at", ss="??", ss2="??")
    + row("5", "home", ss="n.LOCATION")
)


def test_single_token_prepositions_only(write):
    path = write("a.conllulex", SENTENCE)
    ((role,), (function,)) = read_preposition_roles(path), read_preposition_functions(path)
    assert role.text == function.text == ("out", "of", "by", "at", "home")
    assert role.targets == (Target("p.Agent", (Span(2, 3),)),)
    assert function.targets == (Target("p.Source", (Span(2, 3),)),)


def test_function_missing(write, refusal):
    path = write("a.conllulex", row("1", "by", ss="p.Agent"))
    message = refusal(read_preposition_functions, path)
    assert "no such label" in message
    assert "a.conllulex, line 1, column 'SS2'" in message


def test_plain_conllu_is_refused(write, refusal):
    message = refusal(read_preposition_roles, write("a.conllu", "\t".join(["1", "x", *["_"] * 8])))
    assert "expected: 19 columns" in message
    assert "a.conllu, line 1" in message


@pytest.mark.parametrize(("split", "n"), [("train", 4_282), ("dev", 433), ("test", 457)])
def test_streusle_counts(shared_data, split, n):
    path = shared_data(f"streusle-4.2/streusle.ud_{split}.conllulex")
    for read, n_labels in ((read_preposition_roles, 46), (read_preposition_functions, 40)):
        targets = [target for example in read(path) for target in example.targets]
        assert len(targets) == n
        if split == "train":
            assert len({target.label for target in targets}) == n_labels
