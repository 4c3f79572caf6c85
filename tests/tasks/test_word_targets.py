from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tunescope import extract, load_encoder, read_task
from tunescope._core.errors import InputError
from tunescope.representations.writing import write_representations
from tunescope.tasks.example import Example, Span, Target, TargetKind
from tunescope.tasks.task import Task
from tunescope.tasks.word_targets import word_targets, word_task

TREE = """# sent_id = s1
1\tShe\tshe\tPRON\t_\t_\t2\tnsubj\t_\t_
2\tleft\tleave\tVERB\t_\t_\t0\troot\t_\t_

# sent_id = s2
1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_
2\thome\thome\tADV\t_\t_\t1\tadvmod\t_\t_
3\tnow\tnow\tADV\t_\t_\t1\tadvmod\t_\t_

"""

LEXICAL = """# sent_id = s1
1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_
2\tto\tto\tADP\t_\t_\t3\tcase\t_\t_\t_\tP\tto\tp.Goal\tp.Locus\t_\t_\t_\t_
3\tRome\tRome\tPROPN\t_\t_\t1\tobl\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_

# sent_id = s2
1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_

# sent_id = s3
1\tIn\tin\tADP\t_\t_\t2\tcase\t_\t_\t_\tP\tin\tp.Time\tp.Gestalt\t_\t_\t_\t_
2\tMay\tMay\tPROPN\t_\t_\t0\troot\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_\t_

"""

JSON_LINES = [
    {"text": "She left", "targets": [{"span1": [0, 1], "span2": [1, 2], "label": "A"}]},
    {"text": "Go home now", "targets": [{"span1": [0, 1], "span2": [1, 3], "label": "B"}]},
]


@pytest.mark.parametrize(
    ("format_name", "content", "spans", "labels", "sentences"),
    [
        (
            "conllu:pos",
            TREE,
            [[[0, 1]], [[1, 2]], [[2, 3]], [[3, 4]], [[4, 5]]],
            ["PRON", "VERB", "VERB", "ADV", "ADV"],
            [0, 0, 1, 1, 1],
        ),
        (
            "conllu:dep",
            TREE,
            [[[0, 1], [1, 2]], [[3, 4], [2, 3]], [[4, 5], [2, 3]]],
            ["nsubj", "advmod", "advmod"],
            [0, 1, 1],
        ),
        ("conllulex:role", LEXICAL, [[[1, 2]], [[3, 4]]], ["p.Goal", "p.Time"], [0, 1]),
        ("conllulex:function", LEXICAL, [[[1, 2]], [[3, 4]]], ["p.Locus", "p.Gestalt"], [0, 1]),
        (
            "edge-probing",
            "\n".join(map(json.dumps, JSON_LINES)),
            [[[0, 1], [1, 2]], [[2, 3], [3, 5]]],
            ["A", "B"],
            [0, 1],
        ),
    ],
)
def test_every_format_with_spans(tmp_path, format_name, content, spans, labels, sentences):
    path = tmp_path / "data"
    path.write_text(content, encoding="utf-8")
    examples = read_task(format_name, train=path, test=path).splits["train"]
    found = word_targets(examples)
    assert found.spans.tolist() == spans
    assert found.labels.tolist() == labels
    assert found.sentence_ids.tolist() == sentences
    all_words = [word for example in examples for word in example.text]
    targets = [(example, target) for example in found.examples for target in example.targets]
    assert [example.words_of(target.spans[0]) for example, target in targets] == all_words
    assert [example.sentence_id for example in found.examples] == [e.sentence_id for e in examples]


def test_a_pair_of_words_has_the_vectors_of_its_two_words(tiny_model: Path, tmp_path: Path):
    examples = (
        Example("s1", ("the", "cat", "sees"), (Target("x", (Span(1, 2), Span(2, 3))),)),
        Example("s2", ("a",), ()),
        Example("s3", ("dogs", "runs"), (Target("y", (Span(1, 2), Span(0, 1))),)),
    )
    encoder, words = load_encoder(tiny_model, device="cpu"), word_targets(examples)
    of_words = write_representations(
        encoder, words.examples, TargetKind.TOKEN, tmp_path / "words", task="t", split="s"
    ).layer(2)
    of_pairs = write_representations(
        encoder, examples, TargetKind.PAIR, tmp_path / "pairs", task="t", split="s"
    ).layer(2)
    assert len(of_words) == 6
    assert words.spans.tolist() == [[[1, 2], [2, 3]], [[5, 6], [4, 5]]]
    assert of_words[words.spans[..., 0]].reshape(2, -1) == pytest.approx(of_pairs, abs=1e-6)


def test_the_task_of_all_words_can_be_extracted(tiny_model: Path, tiny_task: Task, tmp_path: Path):
    task = word_task(tiny_task)
    assert list(task.all_sets) == ["train", "test", "other"]
    found = extract(tiny_model, task, "test", tmp_path, device="cpu")
    assert np.array_equal(
        found.labels, [i for example in tiny_task.splits["test"] for i in range(len(example.text))]
    )


def target(*spans: tuple[int, int], label: object = "x") -> Target:
    return Target(label, tuple(Span(*span) for span in spans))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([Example("s", "running text", ())], "got: running text"),
        ([Example("s", ("a",), (), second_text=("b",))], "got: two texts"),
        ([Example("s", ("a",), (target(),))], "wrong number of spans"),
        ([Example("s", ("a",), (target((0, 1), (0, 1), (0, 1)),))], "wrong number of spans"),
        ([Example("s", ("a",), (target((0, 1)), target((0, 1), (0, 1))))], "wrong number of spans"),
        ([Example("s", ("a", "b"), (target((1, 3)),))], "does not lie in its sentence"),
        ([Example("s", ("a", "b"), (target((1, 1)),))], "does not lie in its sentence"),
        ([Example("s", ("a",), (target((0, 1), label=3.0),))], "A label is no class"),
        ([Example("s", ("a",), ())], "No example has a target"),
        ([], "No example has a target"),
    ],
)
def test_refusals(examples, message):
    with pytest.raises(InputError, match=message):
        word_targets(tuple(examples))


def test_only_the_words_in_spans(tmp_path):
    path = tmp_path / "data"
    path.write_text("\n".join(map(json.dumps, JSON_LINES)), encoding="utf-8")
    first, second = read_task("edge-probing", train=path, test=path).splits["train"]
    longer = Example("s0", ("Well", "\u200b", "she", "left"), (Target("C", (Span(0, 1), Span(2, 4))),))
    found = word_targets((longer, first, second), only_in_spans=True)
    assert [[target.label for target in example.targets] for example in found.examples] == [
        [0, 2, 3],
        [0, 1],
        [0, 1, 2],
    ]
    assert found.spans.tolist() == [[[0, 1], [1, 3]], [[3, 4], [4, 5]], [[5, 6], [6, 8]]]
