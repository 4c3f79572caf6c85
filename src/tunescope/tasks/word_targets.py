"""The words of a text as targets of their own, so that spans of any length can be read from the words' vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int, Shaped

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind
from tunescope.tasks.task import Examples, Task

__all__ = ["WordTargets", "word_targets", "word_task"]


@dataclass(frozen=True, eq=False)
class WordTargets:
    """Words as targets, and where among them the spans of the original targets are.

    Attributes:
        examples: The sentences, their words token targets; a word's label is its place in the sentence, from 0.
        spans: Shape (example, 1 or 2, 2); for each original target, in corpus order, the first word of each span and
            the word after its last, counted over all sentences: the places of the words' vectors.
        labels: Shape (example,); the class of each original target.
        sentence_ids: Shape (example,); the sentence of each original target, numbered from 0 in corpus order.
    """

    examples: Examples
    spans: Int[np.ndarray, "example part 2"]
    labels: Shaped[np.ndarray, " example"]
    sentence_ids: Int[np.ndarray, " example"]


def word_targets(examples: Examples, *, only_in_spans: bool = False) -> WordTargets:
    """Return all words of the examples as targets, with the original spans among them.

    :func:`~tunescope.representations.writing.write_representations` then gives every word's vector, in corpus order.

    Args:
        examples: Examples whose text is given as words, and whose targets have one or two spans and a class, all the
            same number of spans. Examples without a target keep their words.
        only_in_spans: Leave out the words that are in no span: they take room, and a tokenizer may have no subword for
            them.

    Raises:
        InputError: A text is no tuple of words or is a pair, a target has no span, more than two, or another number
            than those before, a span lies outside its sentence, a label is no class, or there is no target at all.

    >>> left = Example("s1", ("She", "left"), (Target("VERB", (Span(1, 2),)),))
    >>> both = Example("s2", ("Go", "home", "now"), (Target("ADVP", (Span(1, 3),)),))
    >>> found = word_targets((left, both))
    >>> found.spans.tolist(), found.labels.tolist(), found.sentence_ids.tolist()
    ([[[1, 2]], [[3, 5]]], ['VERB', 'ADVP'], [0, 1])
    >>> [len(example.targets) for example in found.examples]
    [2, 3]
    """
    words: list[Example] = []
    spans: list[list[tuple[int, int]]] = []
    labels: list[str] = []
    sentences: list[int] = []
    n_words, n_spans = 0, 0
    for number, example in enumerate(examples):
        for target in example.targets:
            n_spans = n_spans or len(target.spans)
            labels.append(_class(target, example, n_spans))
        places = _places_in_spans(example) if only_in_spans else range(len(example.text))
        words.append(_as_targets(example, places))
        at = {place: n_words + i for i, place in enumerate(places)}
        for target in example.targets:
            spans.append([(at[span.start], at[span.end - 1] + 1) for span in target.spans])
            sentences.append(number)
        n_words += len(places)
    if not spans:
        raise InputError("No example has a target.", expected="at least one", got=f"{len(words)} examples")
    return WordTargets(tuple(words), np.array(spans), np.array(labels), np.array(sentences))


def word_task(task: Task) -> Task:
    """Return a task with the same sets, whose targets are all words: what :func:`tunescope.extract` takes.

    Args:
        task: A task whose targets have one or two spans.

    Raises:
        InputError: A text is no tuple of words or is a pair.

    >>> noun, verb = Target("NOUN", (Span(0, 1),)), Target("VERB", (Span(1, 2),))
    >>> examples = (Example("s1", ("Birds", "sing", "."), (noun, verb)),)
    >>> task = Task("pos", TargetKind.TOKEN, LabelKind.CLASS, {"train": examples, "test": examples})
    >>> [target.spans for target in word_task(task).splits["train"][0].targets]
    [(Span(start=0, end=1),), (Span(start=1, end=2),), (Span(start=2, end=3),)]
    """
    return Task(
        name=f"{task.name} (words)",
        target=TargetKind.TOKEN,
        label=LabelKind.NUMBER,
        splits={name: tuple(map(_every_word, examples)) for name, examples in task.splits.items()},
        out_of_domain={
            name: tuple(map(_every_word, examples)) for name, examples in task.out_of_domain.items()
        },
    )


def _places_in_spans(example: Example) -> Sequence[int]:
    spans = (span for target in example.targets for span in target.spans)
    return sorted({place for span in spans for place in range(span.start, span.end)})


def _every_word(example: Example) -> Example:
    return _as_targets(example, range(len(example.text)))


def _as_targets(example: Example, places: Sequence[int]) -> Example:
    if isinstance(example.text, str) or example.second_text is not None:
        raise InputError(
            "An example is not one text of words.",
            where=example.sentence_id,
            expected="one text, given as words",
            got="running text" if isinstance(example.text, str) else "two texts",
        )
    return replace(example, targets=tuple(Target(float(i), (Span(i, i + 1),)) for i in places))


def _class(target: Target, example: Example, n_spans: int) -> str:
    if len(target.spans) not in (1, 2) or len(target.spans) != n_spans:
        raise InputError(
            "A target has the wrong number of spans.",
            where=example.sentence_id,
            expected="one or two, the same number for all targets",
            got=len(target.spans),
        )
    for span in target.spans:
        if not 0 <= span.start < span.end <= len(example.text):
            raise InputError(
                "A span does not lie in its sentence.",
                where=example.sentence_id,
                expected=f"0 ≤ start < end ≤ {len(example.text)}, the number of words",
                got=f"[{span.start}, {span.end})",
            )
    if not isinstance(target.label, str):
        raise InputError("A label is no class.", where=example.sentence_id, got=repr(target.label))
    return target.label
