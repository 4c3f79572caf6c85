"""The parser's scores equal their formulas, word by word, and it learns what can be learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import relu

from tunescope.models.alignment import Pooling
from tunescope.models.heads.biaffine_parser import BiaffineParser
from tunescope.models.heads.head_info import HeadInfo
from tunescope.tasks.arc_label import parse_arc
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.tree_fault import find_tree_fault

HIDDEN = 12
RELATIONS = ("det", "nsubj", "root")
LENGTHS = torch.tensor([3, 1, 5])


def _parser(*, relations: tuple[str, ...] = RELATIONS) -> BiaffineParser:
    info = HeadInfo(
        task="parse", target=TargetKind.TOKEN, label=LabelKind.TREE, pooling=Pooling.MEAN, labels=relations
    )
    torch.manual_seed(0)
    parser = BiaffineParser.make(info, HIDDEN)
    with torch.no_grad():
        for weights in (parser.arc, parser.relation):
            weights.normal_(std=0.3)
    parser.eval()
    return parser


def _perceptron(network: torch.nn.Module, vector: torch.Tensor) -> torch.Tensor:
    linear = next(part for part in network.modules() if isinstance(part, torch.nn.Linear))
    return relu(linear.weight @ vector + linear.bias)


def test_scores_are_those_of_a_naive_loop() -> None:
    parser = _parser()
    words = torch.randn(int(LENGTHS.sum()), HIDDEN)
    with torch.no_grad():
        outputs = parser(words, LENGTHS)
        one = torch.ones(1)
        for number, sentence in enumerate(words.split(LENGTHS.tolist())):
            heads = [parser.root, *sentence]
            for word, vector in enumerate(sentence):
                for head, other in enumerate(heads):
                    if head == word + 1:
                        assert outputs.arcs[number, word, head] < -1e30
                        continue
                    left = torch.cat([_perceptron(parser.arc_head, other), one])
                    arc = left @ parser.arc @ _perceptron(parser.arc_dependent, vector)
                    assert float(outputs.arcs[number, word, head]) == pytest.approx(float(arc), abs=1e-4)
                    left = torch.cat([_perceptron(parser.relation_head, other), one])
                    right = torch.cat([_perceptron(parser.relation_dependent, vector), one])
                    expected = torch.stack([left @ weights @ right for weights in parser.relation])
                    assert torch.allclose(outputs.relations[number, word, head], expected, atol=1e-4)


def test_the_loss_is_the_mean_over_words() -> None:
    parser = _parser()
    labels = ["2:det", "3:nsubj", "0:root", "0:root", "2:det", "3:det", "4:det", "5:nsubj", "0:root"]
    with torch.no_grad():
        outputs = parser(torch.randn(9, HIDDEN), LENGTHS)
        loss = float(parser.loss(outputs, parser.encode(labels)))
        expected = []
        places = [(s, w) for s, length in enumerate(LENGTHS.tolist()) for w in range(length)]
        for (sentence, word), label in zip(places, labels, strict=True):
            head, relation = parse_arc(label)
            arc = outputs.arcs[sentence, word].log_softmax(0)[head]
            scores = outputs.relations[sentence, word, head].log_softmax(0)
            expected.append(-float(arc + scores[RELATIONS.index(relation)]))
    assert loss == pytest.approx(np.mean(expected), rel=1e-5)


def test_padding_changes_nothing() -> None:
    parser = _parser()
    words = torch.randn(9, HIDDEN)
    with torch.no_grad():
        together = parser.decode(parser(words, LENGTHS))
        alone = [
            parser.decode(parser(sentence, torch.tensor([len(sentence)])))
            for sentence in words.split(LENGTHS.tolist())
        ]
    assert together.tolist() == np.concatenate(alone).tolist()


def test_predictions_are_trees_with_one_root_that_alone_is_called_so() -> None:
    parser = _parser()
    lengths = torch.tensor([1, 2, 7, 12] * 5)
    with torch.no_grad():
        labels = parser.decode(parser(torch.randn(int(lengths.sum()), HIDDEN), lengths))
    arcs = [parse_arc(label) for label in labels]
    assert all((relation == "root") == (head == 0) for head, relation in arcs)
    heads = np.array([head for head, _ in arcs])
    for sentence in np.split(heads, np.cumsum(lengths.tolist())[:-1]):
        assert find_tree_fault(sentence) is None


def test_relations_without_a_root_among_them() -> None:
    parser = _parser(relations=("det", "nsubj"))
    with torch.no_grad():
        labels = parser.decode(parser(torch.randn(9, HIDDEN), LENGTHS))
    assert {parse_arc(label)[1] for label in labels} <= {"det", "nsubj"}


def test_it_learns_trees_that_the_vectors_give_away() -> None:
    """Every word's vector holds its place and its head's place, so a perfect parser exists."""
    parser = _parser()
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 6, 40)
    words, labels = [], []
    for length in lengths:
        for place in range(length):
            vector = np.zeros(HIDDEN)
            vector[place], vector[6 + place] = 1, 1  # its own place; its head's place, one to the left
            words.append(vector)
            labels.append("0:root" if place == 0 else f"{place}:{'det' if place % 2 else 'nsubj'}")
    rows, counts = torch.tensor(np.array(words), dtype=torch.float32), torch.from_numpy(lengths)
    parser.train()
    optimizer = torch.optim.Adam(parser.parameters(), lr=3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        parser.loss(parser(rows, counts), parser.encode(labels)).backward()
        optimizer.step()
    parser.eval()
    with torch.no_grad():
        found = parser.decode(parser(rows, counts))
    assert np.mean(found == np.array(labels)) > 0.99


def test_a_word_is_right_where_its_head_and_relation_are_the_best() -> None:
    parser = _parser()
    with torch.no_grad():
        outputs = parser(torch.randn(int(LENGTHS.sum()), HIDDEN), LENGTHS)
    heads = outputs.arcs[outputs.real].argmax(-1)
    relations = outputs.relations[outputs.real][torch.arange(len(heads)), heads].argmax(-1)
    labels = torch.stack([heads, relations], dim=1)
    assert parser.wrong(outputs, labels).tolist() == [0] * len(heads)
    labels[2, 1] = (labels[2, 1] + 1) % len(RELATIONS)
    labels[4, 0] = (labels[4, 0] + 1) % 6
    assert parser.wrong(outputs, labels).nonzero().flatten().tolist() == [2, 4]
