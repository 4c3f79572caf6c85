import pytest

from tunescope.tasks.conllu_reader import read_dependencies, read_pos
from tunescope.tasks.example import Span, Target

SENTENCE = """# sent_id = s1
1\tShe\tshe\tPRON\tPRP\t_\t2\tnsubj\t_\t_
2\tsaw\tsee\tVERB\tVBD\t_\t0\troot\t_\t_
3\thers\thers\tPRON\tPRP\t_\t2\tnmod:poss\t_\t_
3.1\tsaw\tsee\tVERB\tVBD\t_\t_\t_\t2:conj\t_
"""
PUD = "ud/PUD-r2.5/en_pud-ud-test.conllu"


def n_targets(examples):
    return sum(len(example.targets) for example in examples)


def labels(examples):
    return {target.label for example in examples for target in example.targets}


def row(**columns):
    names = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
    values = {"id": "1", "form": "x", "upos": "X", "head": "0", "deprel": "root", **columns}
    return "\t".join(values.get(name, "_") for name in names) + "\n"


def test_parts_of_speech(write):
    (example,) = read_pos(write("a.conllu", SENTENCE))
    assert example.sentence_id == "s1"
    assert example.text == ("She", "saw", "hers", "saw")
    assert example.targets == tuple(
        Target(tag, (Span(i, i + 1),)) for i, tag in enumerate(["PRON", "VERB", "PRON", "VERB"])
    )


def test_parts_of_speech_without_empty_nodes(write):
    (example,) = read_pos(write("a.conllu", SENTENCE), empty_nodes=False)
    assert example.text == ("She", "saw", "hers")
    assert n_targets([example]) == 3


def test_tags_of_the_language(write):
    (example,) = read_pos(write("a.conllu", SENTENCE), tags="XPOS")
    assert [target.label for target in example.targets] == ["PRP", "VBD", "PRP", "VBD"]


def test_empty_node_without_tag_is_text_but_no_target(write):
    (example,) = read_pos(write("a.conllu", row() + row(id="1.1", upos="_")))
    assert example.text == ("x", "x")
    assert [target.spans for target in example.targets] == [(Span(0, 1),)]


def test_dependencies_are_token_and_head_without_the_root(write):
    (example,) = read_dependencies(write("a.conllu", SENTENCE))
    assert example.text == ("She", "saw", "hers")
    assert example.targets == (
        Target("nsubj", (Span(0, 1), Span(1, 2))),
        Target("nmod:poss", (Span(2, 3), Span(1, 2))),
    )


def test_empty_node_before_the_first_word_moves_no_head(write):
    (example,) = read_dependencies(write("a.conllu", row(id="0.1", head="_", deprel="_") + SENTENCE))
    assert example.targets[0].spans == (Span(0, 1), Span(1, 2))


@pytest.mark.parametrize("missing", ["_", " "])
def test_word_without_tag(write, refusal, missing):
    message = refusal(read_pos, write("a.conllu", "# c\n" + row(upos=missing)))
    assert "A word has no label" in message
    assert "a.conllu, line 2, column 'UPOS'" in message


@pytest.mark.parametrize("head", ["_", "7", "-1", "two", "1.1"])
def test_head_outside_the_sentence(write, refusal, head):
    message = refusal(read_dependencies, write("a.conllu", row() + row(id="2", head=head, deprel="dep")))
    assert "A head is no word of its sentence" in message
    assert "a.conllu, line 2, column 'HEAD'" in message
    assert "a number from 0 (the root) to 2" in message


def test_word_that_is_its_own_head(write, refusal):
    message = refusal(read_dependencies, write("a.conllu", row(head="1")))
    assert "its own head" in message
    assert "line 1, column 'HEAD'" in message


def test_relation_missing(write, refusal):
    message = refusal(read_dependencies, write("a.conllu", row() + row(id="2", head="1", deprel="_")))
    assert "a.conllu, line 2, column 'DEPREL'" in message


def test_pud_counts(shared_data):
    pos, dependencies = read_pos(shared_data(PUD)), read_dependencies(shared_data(PUD))
    assert len(pos) == len(dependencies) == 1000
    assert (n_targets(pos[:800]), n_targets(pos[800:]), len(labels(pos[:800]))) == (16_860, 4_323, 17)
    assert (n_targets(dependencies[:800]), n_targets(dependencies[800:])) == (16_054, 4_122)
    assert len(labels(dependencies[:800])) == len(labels(dependencies)) == 46


@pytest.mark.parametrize(
    ("split", "n_sentences", "n_words", "n_empty"),
    [("train", 12_544, 204_577, 37), ("dev", 2_001, 25_147, 4), ("test", 2_077, 25_094, 2)],
)
def test_ewt_counts(shared_data, split, n_sentences, n_words, n_empty):
    path = shared_data(f"ud/EWT-r2.16/en_ewt-ud-{split}.conllu")
    words = read_pos(path, empty_nodes=False)
    assert len(words) == n_sentences
    assert n_targets(words) == n_words
    assert n_targets(read_pos(path)) == n_words + n_empty


def test_ewt_dependencies_are_words_less_roots(shared_data):
    examples = read_dependencies(shared_data("ud/EWT-r2.16/en_ewt-ud-dev.conllu"))
    assert n_targets(examples) == 25_147 - 2_001
