import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunescope._core.errors import RunError
from tunescope.tasks.conllu_reader import read_dependencies
from tunescope.tasks.edge_probing import read_edge_probing, write_edge_probing
from tunescope.tasks.example import Example, Span, Target

LINE = {
    "text": "She left early .",
    "targets": [{"span1": [0, 1], "span2": [1, 3], "label": "nsubj"}],
    "info": {"sentence_id": "s1"},
}


def line(**changes):
    return json.dumps({**LINE, **changes})


def target(**changes):
    return line(targets=[{**LINE["targets"][0], **changes}])


def test_pairs(write):
    (example,) = read_edge_probing(write("a.jsonl", line()))
    assert example == Example(
        "s1", ("She", "left", "early", "."), (Target("nsubj", (Span(0, 1), Span(1, 3))),)
    )


def test_single_spans_and_names_by_line(write):
    record = {"text": "a\tb ", "targets": [{"span1": [1, 2], "label": "X"}], "info": {"sentence_id": 0}}
    (example,) = read_edge_probing(write("a.jsonl", "\n" + json.dumps(record)))
    assert example == Example("a.jsonl:2", ("a", "b"), (Target("X", (Span(1, 2),)),))


def test_tokens_go_before_text(write):
    (example,) = read_edge_probing(write("a.jsonl", line(tokens=["10 000", "men"], targets=[])))
    assert example.text == ("10 000", "men")


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        (line(text="She  left"), "A token is empty", "line 2, column 'text', token 1"),
        (line(text=" She left"), "A token is empty", "line 2, column 'text', token 0"),
        (line(text="She \t left"), "A token is empty", "line 2, column 'text', token 1"),
        (line(text=""), "A token is empty", "line 2, column 'text', token 0"),
        (line(tokens=["She", ""]), "A token is empty", "line 2, column 'tokens', token 1"),
        (line(tokens=["She", 7]), "A token is no text", "line 2, column 'tokens', token 1"),
        (line(tokens=[]), "A sentence has no words", "line 2, column 'tokens'"),
        (line(tokens="She left"), "missing or no list", "line 2, column 'tokens'"),
        (line(text=None), "A sentence has no text", "line 2, column 'text'"),
        (line(targets=None), "missing or no list", "line 2, column 'targets'"),
        (line(targets=[[0, 1]]), "A target is no object", "line 2, column 'targets[0]'"),
        (line(targets=[{"label": "x"}]), "A target has no span", "line 2, column 'targets[0].span1'"),
        (target(span1=[0, 5]), "does not lie in its sentence", "line 2, column 'targets[0].span1'"),
        (target(span2=[2, 2]), "does not lie in its sentence", "line 2, column 'targets[0].span2'"),
        (target(span2=[-1, 2]), "does not lie in its sentence", "line 2, column 'targets[0].span2'"),
        (target(span2=[True, 2]), "does not lie in its sentence", "line 2, column 'targets[0].span2'"),
        (target(span2=[0.0, 2.0]), "does not lie in its sentence", "line 2, column 'targets[0].span2'"),
        (target(span2=None), "does not lie in its sentence", "line 2, column 'targets[0].span2'"),
        (target(label=["a", "b"]), "A label is no text", "line 2, column 'targets[0].label'"),
        (target(label=" "), "A label is no text", "line 2, column 'targets[0].label'"),
        (target(label=None), "A label is no text", "line 2, column 'targets[0].label'"),
        (
            line(targets=[{"span1": [0, 1], "label": "x"}]),
            "Some targets have one span and others two",
            "line 2, column 'targets[0]'",
        ),
        ("{", "A line is not JSON", "line 2, character"),
    ],
)
def test_refusals_name_file_line_and_column(write, refusal, content, what, where):
    message = refusal(read_edge_probing, write("a.jsonl", f"{line()}\n{content}\n"))
    assert what in message
    assert f"a.jsonl, {where}" in message


words = st.lists(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=5).filter(str.strip), min_size=1, max_size=6
)


@st.composite
def corpora(draw):
    """Draw texts, each with its labels and the ends of their spans."""
    n_spans = draw(st.sampled_from([1, 2]))
    corpus = []
    for text in draw(st.lists(words, min_size=1, max_size=4)):
        ends = st.lists(st.integers(0, len(text)), min_size=2, max_size=2, unique=True).map(sorted)
        labels = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)
        corpus.append((text, draw(st.lists(st.tuples(labels, *[ends] * n_spans), max_size=3))))
    return corpus


@given(corpora())
def test_round_trip(tmp_path_factory, corpus):
    examples = tuple(
        Example(
            f"s{number}",
            tuple(text),
            tuple(Target(label, tuple(Span(*ends) for ends in spans)) for label, *spans in targets),
        )
        for number, (text, targets) in enumerate(corpus)
    )
    path = tmp_path_factory.mktemp("round-trip") / "a.jsonl"
    write_edge_probing(examples, path)
    assert read_edge_probing(path) == examples


def test_round_trip_of_a_treebank(shared_data, tmp_path):
    examples = read_dependencies(shared_data("ud/PUD-r2.5/en_pud-ud-test.conllu"))
    write_edge_probing(examples, tmp_path / "new" / "pud.jsonl")
    assert read_edge_probing(tmp_path / "new" / "pud.jsonl") == examples


def test_other_tools_find_the_words_by_splitting_the_text(tmp_path):
    path = tmp_path / "a.jsonl"
    write_edge_probing([Example("s", ("a", "b"), (Target("x", (Span(0, 1),)),))], path)
    assert json.loads(path.read_text()) == {
        "text": "a b",
        "targets": [{"span1": [0, 1], "label": "x"}],
        "info": {"sentence_id": "s"},
    }


@pytest.mark.parametrize(
    ("example", "what"),
    [
        (Example("s7", "running text", ()), "got: running text"),
        (Example("s7", ("a",), (), second_text=("b",)), "got: two texts"),
        (Example("s7", ("a", ""), ()), "A token is empty"),
        (Example("s7", (), ()), "A token is empty"),
        (Example("s7", ("a",), (Target("x"),)), "cannot hold this target"),
        (Example("s7", ("a",), (Target(1.5, (Span(0, 1),)),)), "cannot hold this target"),
        (Example("s7", ("a",), (Target("x", (Span(0, 2),)),)), "does not lie in its sentence"),
    ],
)
def test_what_cannot_be_written(tmp_path, refusal, example, what):
    message = refusal(write_edge_probing, [example], tmp_path / "a.jsonl")
    assert what in message
    assert "s7" in message
    assert not list(tmp_path.iterdir())


def test_nothing_to_write(tmp_path, refusal):
    assert "no example to write" in refusal(write_edge_probing, [], tmp_path / "a.jsonl")


def test_half_a_surrogate_pair_cannot_be_written(tmp_path, refusal):
    examples = [Example("s", ("\ud83d",), (Target("x", (Span(0, 1),)),))]
    message = refusal(write_edge_probing, examples, tmp_path / "a.jsonl")
    assert "half of a surrogate pair" in message
    assert "a.jsonl" in message


def test_folder_that_is_a_file(write, tmp_path):
    write("b", "x")
    examples = [Example("s", ("a",), (Target("x", (Span(0, 1),)),))]
    with pytest.raises(RunError, match="Nothing more can be written"):
        write_edge_probing(examples, tmp_path / "b" / "c" / "a.jsonl")
