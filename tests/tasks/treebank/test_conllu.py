"""The CoNLL-U text is read by the conllu library and by tunescope's own reader, and nothing is lost."""

from __future__ import annotations

import conllu

from tunescope.tasks.conllu_reader import read_dependencies, read_pos
from tunescope.tasks.treebank import generate_sentences, to_conllu


def test_the_conllu_library_parses_it():
    sentences = generate_sentences(100, seed=2) + generate_sentences(50, seed=2, domain="reviews")
    parsed = conllu.parse(to_conllu(sentences))
    assert len(parsed) == len(sentences)
    for sentence, tokens in zip(sentences, parsed, strict=True):
        assert tuple(token["form"] for token in tokens) == sentence.words
        assert tuple(token["upos"] for token in tokens) == sentence.tags
        assert tuple(token["head"] for token in tokens) == sentence.heads
        assert tuple(token["deprel"] for token in tokens) == sentence.relations
        assert tuple((token["misc"] or {}).get("Role") for token in tokens) == sentence.roles
        assert tokens.metadata["text"] == sentence.text
        assert tokens.metadata.get("question_type") == sentence.question_type
        assert tokens.to_tree() is not None
        joined = "".join(
            t["form"] + ("" if (t["misc"] or {}).get("SpaceAfter") == "No" else " ") for t in tokens
        )
        assert joined.rstrip() == sentence.text


def test_our_own_reader_reads_it(tmp_path):
    sentences = generate_sentences(20, seed=9)
    path = tmp_path / "generated.conllu"
    path.write_text(to_conllu(sentences), encoding="utf-8")
    examples = read_pos(path)
    assert [example.text for example in examples] == [sentence.words for sentence in sentences]
    labels = [tuple(target.label for target in example.targets) for example in examples]
    assert labels == [sentence.tags for sentence in sentences]
    assert len(read_dependencies(path)) == len(sentences)


def test_nothing_gives_nothing():
    assert to_conllu([]) == ""
