"""The answer head against naive loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tunescope.models.alignment import Pooling
from tunescope.models.heads.answer_head import AnswerHead
from tunescope.models.heads.head_info import HeadInfo
from tunescope.tasks.example import LabelKind, TargetKind

LENGTHS = torch.tensor([4, 60, 1])


@pytest.fixture
def head() -> AnswerHead:
    info = HeadInfo(
        task="answers",
        target=TargetKind.SENTENCE_PAIR,
        label=LabelKind.ANSWER_SPAN,
        pooling=Pooling.CLS,
    )
    torch.manual_seed(0)
    made = AnswerHead.make(info, 8)
    made.requires_grad_(False)
    return made


def test_the_best_span_is_that_of_a_naive_search(head: AnswerHead) -> None:
    rows = torch.randn(int(LENGTHS.sum()), 8)
    spans = head.decode(head(rows, LENGTHS))
    for part, (start, end) in zip(rows.split(LENGTHS.tolist()), spans, strict=True):
        scores = (part @ head.bounds.weight.T + head.bounds.bias).numpy()
        pairs = [(i, j) for i in range(len(part)) for j in range(i, min(i + 30, len(part)))]
        best = max(pairs, key=lambda pair: scores[pair[0], 0] + scores[pair[1], 1])
        assert (start, end) == best


def test_the_loss_sums_the_probability_of_several_answers(head: AnswerHead) -> None:
    rows = torch.randn(int(LENGTHS.sum()), 8)
    flags = np.zeros((len(rows), 2), dtype=bool)
    starts, ends = ([1], [10, 30], [0]), ([2], [12, 31], [0])
    first = np.cumsum(LENGTHS.numpy()) - LENGTHS.numpy()
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        flags[first[place] + np.array(start), 0] = True
        flags[first[place] + np.array(end), 1] = True
    expected = []
    for place, part in enumerate(rows.split(LENGTHS.tolist())):
        p = (part @ head.bounds.weight.T + head.bounds.bias).softmax(0).numpy()
        expected.append(-np.log(p[starts[place], 0].sum()) - np.log(p[ends[place], 1].sum()))
    loss = head.loss(head(rows, LENGTHS), head.encode(list(flags)))
    assert float(loss) == pytest.approx(np.mean(expected), rel=1e-5)


def test_an_answer_is_right_where_its_best_span_is(head: AnswerHead) -> None:
    outputs = head(torch.randn(int(LENGTHS.sum()), 8), LENGTHS)
    flags = np.zeros((int(LENGTHS.sum()), 2), dtype=bool)
    firsts = np.cumsum(LENGTHS.numpy()) - LENGTHS.numpy()
    for first, (start, end) in zip(firsts, head.decode(outputs), strict=True):
        flags[first + start, 0] = flags[first + end, 1] = True
    assert head.wrong(outputs, head.encode(list(flags))).tolist() == [0, 0, 0]
    flags[: int(LENGTHS[0]), 1] ^= True
    assert head.wrong(outputs, head.encode(list(flags))).tolist() == [1, 0, 0]
