"""A task: labelled examples with splits and, where given, named out-of-domain sets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from tunescope._core.errors import InputError
from tunescope._core.hashing import hash_value
from tunescope._core.seeds import make_rng
from tunescope.tasks.answers import Answers
from tunescope.tasks.arc_label import parse_arc
from tunescope.tasks.example import Example, LabelKind, Span, Target, TargetKind, Text
from tunescope.tasks.tree_fault import find_tree_fault

__all__ = ["Examples", "Task"]

Examples = tuple[Example, ...]

_DEFAULT_METRICS = {
    LabelKind.CLASS: "accuracy",
    LabelKind.NUMBER: "pearson",
    LabelKind.TREE: "las",
    LabelKind.ANSWER_SPAN: "answer_f1",
}
_N_SPANS = {
    TargetKind.TOKEN: 1,
    TargetKind.PAIR: 2,
    TargetKind.SENTENCE: 0,
    TargetKind.SENTENCE_PAIR: 0,
}


@dataclass(frozen=True)
class Task:
    """Labelled examples with splits; the kind of target and the kind of label are independent.

    Args:
        name: A short name, such as ``"pos"``.
        target: What carries a label.
        label: What a label is.
        splits: Examples by split; ``"train"`` and ``"test"`` must be there, ``"dev"`` may be.
        out_of_domain: Examples of other domains by name. Targets whose label the training set lacks are left
            out of these and of ``"dev"``, and counted in :attr:`left_out`.
        metric: The main metric, one of :data:`~tunescope.tasks.metrics.METRICS_BY_KIND`; by default the first of
            the kind: accuracy for classes, Pearson correlation for numbers, LAS for trees, F1 for answers.

    Raises:
        InputError: A split is missing or empty, a span lies outside its sentence, a number is not finite,
            the training set has a single class, a test label does not occur in training, or none of another
            set's does; the arcs of a sentence make no tree, or an answer does not stand in its text.
    """

    name: str
    target: TargetKind
    label: LabelKind
    splits: Mapping[str, Examples]
    out_of_domain: Mapping[str, Examples] = field(default_factory=dict)
    metric: str = ""

    left_out: Mapping[str, int] = field(init=False)
    """Targets left out by split, because their label does not occur in training."""

    def __post_init__(self) -> None:
        """Check the examples and leave out what cannot be learnt."""
        for split in ("train", "test"):
            if split not in self.splits:
                raise InputError(
                    f"The task {self.name!r} has no {split} split.",
                    expected="the splits train and test, and perhaps dev",
                    got=", ".join(self.splits) or "no split",
                )
        for split, examples in {**self.splits, **self.out_of_domain}.items():
            _check_examples(self, split, examples)
        for name in {**self.splits, **self.out_of_domain}:
            if not re.fullmatch(r"\w[\w. -]{0,63}", name):
                raise InputError(
                    "The name of a set cannot be a part of a file name.",
                    where=self.name,
                    expected="1 to 64 letters, digits, spaces, '.', '_' or '-', a letter or digit first",
                    got=repr(name),
                )
        shared = self.splits.keys() & self.out_of_domain.keys()
        if shared:
            raise InputError(f"An out-of-domain set has the name of a split: {', '.join(sorted(shared))}.")
        metric = self.metric or _DEFAULT_METRICS.get(self.label, "")
        object.__setattr__(self, "metric", metric)
        if self.label is LabelKind.CLASS:
            self._check_classes()
        self._leave_out_unknown_labels()

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The classes of the training set, sorted; empty where labels are no classes."""
        if self.label is not LabelKind.CLASS:
            return ()
        return tuple(sorted(_classes(self.splits["train"])))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that the task holds, for keys of steps."""
        sets = {**self.splits, **self.out_of_domain}
        return hash_value(
            [self.name, self.target, self.label, self.metric, {k: fingerprint(v) for k, v in sets.items()}]
        )

    @property
    def all_sets(self) -> dict[str, Examples]:
        """Splits and out-of-domain sets by name."""
        return {**self.splits, **self.out_of_domain}

    def random_split(self, seed: int) -> Task:
        """Return the control task: train and test sentences pooled and divided at random into the same sizes.

        A figure that depends on how train and test differ (probe accuracy, train–test similarity) is shown
        beside the same figure on this task. Sentences whose label would be missing from the new training set
        are left out of the new test set, and counted in :attr:`left_out`.
        """
        pool = _with_unique_ids(self.splits["train"], self.splits["test"])
        in_train = self.random_partition(seed)
        new_train = tuple(example for example, chosen in zip(pool, in_train, strict=True) if chosen)
        new_test = tuple(example for example, chosen in zip(pool, in_train, strict=True) if not chosen)
        n_left_out = 0
        if self.labels:
            new_test, n_left_out = _with_known_labels(new_test, _classes(new_train))
        splits = {**self.splits, "train": new_train, "test": new_test}
        control = replace(self, name=f"{self.name} (random split)", splits=splits)
        if n_left_out:
            object.__setattr__(
                control, "left_out", MappingProxyType({**control.left_out, "test": n_left_out})
            )
        return control

    def random_partition(self, seed: int) -> np.ndarray:
        """Return which of the pooled train and test sentences :meth:`random_split` puts into training."""
        n_train, n_test = len(self.splits["train"]), len(self.splits["test"])
        in_train = np.zeros(n_train + n_test, dtype=bool)
        in_train[make_rng(seed, "random split").permutation(n_train + n_test)[:n_train]] = True
        return in_train

    def _check_classes(self) -> None:
        train = _classes(self.splits["train"])
        if len(train) < 2:
            raise InputError(
                f"The training set of {self.name!r} has a single class.",
                expected="at least two classes",
                got=", ".join(map(repr, train)),
                fix="give training examples of another class",
            )
        unknown = sorted(_classes(self.splits["test"]) - train)
        if unknown:
            raise InputError(
                f"The test set of {self.name!r} has labels that the training set lacks.",
                where=_first_with(self.splits["test"], unknown[0]),
                expected=f"only the {len(train)} labels of the training set",
                got=", ".join(map(repr, unknown[:10])) + (" …" if len(unknown) > 10 else ""),
                fix="correct the labels, or give such examples as an out-of-domain set",
            )

    def _leave_out_unknown_labels(self) -> None:
        known = set(self.labels)
        left_out: dict[str, int] = {}

        def reduce(sets: Mapping[str, Examples]) -> Mapping[str, Examples]:
            result = {}
            for split, examples in sets.items():
                result[split] = examples
                if known and split not in ("train", "test"):
                    result[split], left_out[split] = _with_known_labels(examples, known)
                    if not result[split]:
                        raise InputError(
                            f"No label of the set {split!r} occurs in training.",
                            where=self.name,
                            expected=", ".join(map(repr, self.labels[:10])),
                            got=", ".join(map(repr, sorted(_classes(examples))[:10])),
                            fix="give both sets the same names of labels, or leave this one out",
                        )
            return MappingProxyType(result)

        object.__setattr__(self, "splits", reduce(self.splits))
        object.__setattr__(self, "out_of_domain", reduce(self.out_of_domain))
        object.__setattr__(self, "left_out", MappingProxyType({k: n for k, n in left_out.items() if n}))


def fingerprint(examples: Iterable[Example]) -> str:
    """Return the SHA-256 of examples: ids, texts, spans and labels, in their order."""
    return hash_value(
        [
            [e.sentence_id, e.text, e.second_text, [[_plain(t.label), _plain(t.spans)] for t in e.targets]]
            for e in examples
        ]
    )


def _plain(value: object) -> object:
    if isinstance(value, Span):
        return [value.start, value.end]
    if isinstance(value, Answers):
        return [value.texts, value.starts]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _with_unique_ids(train: Examples, test: Examples) -> Examples:
    """Return both in a row; the test ids are marked where an id occurs in both, as ``file:line`` can."""
    if not {e.sentence_id for e in train} & {e.sentence_id for e in test}:
        return train + test
    return train + tuple(replace(e, sentence_id=f"test/{e.sentence_id}") for e in test)


def _classes(examples: Examples) -> set[str]:
    return {str(target.label) for example in examples for target in example.targets}


def _first_with(examples: Examples, label: str) -> str:
    return next(e.sentence_id for e in examples if any(t.label == label for t in e.targets))


def _with_known_labels(examples: Examples, known: set[str]) -> tuple[Examples, int]:
    """Return the examples without targets of unknown labels, and how many targets were left out."""
    kept, n_left_out = [], 0
    for example in examples:
        targets = tuple(target for target in example.targets if target.label in known)
        n_left_out += len(example.targets) - len(targets)
        if targets:
            kept.append(replace(example, targets=targets))
    return tuple(kept), n_left_out


def _check_examples(task: Task, split: str, examples: Examples) -> None:
    if not any(example.targets for example in examples):
        raise InputError(
            f"The {split} set of {task.name!r} is empty.",
            expected="at least one labelled target",
            got=f"{len(examples)} sentences without a target",
        )
    ids: set[str] = set()
    for example in examples:
        where = f"{split}, {example.sentence_id}"
        if example.sentence_id in ids:
            raise InputError("Two examples have one name.", where=where, expected="unique sentence ids")
        ids.add(example.sentence_id)
        if len(example.targets) > 1 and _N_SPANS[task.target] == 0:
            raise InputError("A whole text has more than one label.", where=where, expected="one target")
        if (example.second_text is None) == (task.target is TargetKind.SENTENCE_PAIR):
            raise InputError(
                "The number of texts does not fit the task's target.", where=where, expected=task.target
            )
        _check_text(example.text, where)
        if example.second_text is not None:
            _check_text(example.second_text, where)
        for target in example.targets:
            _check_target(task, example, target, where)
        if task.label is LabelKind.TREE:
            _check_tree(example, where)
        if task.label is LabelKind.ANSWER_SPAN:
            _check_answers(example, where)


def _check_tree(example: Example, where: str) -> None:
    """Refuse arcs that make no tree over all words of the sentence."""
    words = [(Span(place, place + 1),) for place in range(len(example.text))]
    if [target.spans for target in example.targets] != words:
        raise InputError(
            "A tree does not cover its sentence.",
            where=where,
            expected=f"an arc for each of the {len(words)} words, in their order",
            got=f"{len(example.targets)} arcs",
        )
    heads = np.array([parse_arc(str(target.label))[0] for target in example.targets])
    fault = find_tree_fault(heads)
    if fault is not None:
        raise InputError(
            fault.what,
            where=f"{where}, word {fault.word + 1}",
            expected=f"a tree: heads from 1 to {len(words)}, and 0 for the one root",
            got=repr(example.targets[fault.word].label),
        )


def _check_answers(example: Example, where: str) -> None:
    """Refuse an answer that does not stand where it is said to stand."""
    label = example.targets[0].label
    if not isinstance(label, Answers):
        raise InputError("A label holds no answers.", where=where, expected="Answers", got=repr(label))
    text = str(example.second_text)
    for answer, start in zip(label.texts, label.starts, strict=True):
        if not answer.strip() or text[max(start, 0) : start + len(answer)] != answer:
            raise InputError(
                "An answer does not stand in its text.",
                where=where,
                expected=f"{answer!r} from character {start} on",
                got=repr(text[max(start, 0) : start + len(answer)]),
                fix="correct the place, or leave the question out",
            )


def _check_text(text: Text, where: str) -> None:
    if not (text.strip() if isinstance(text, str) else text):
        raise InputError("A text is empty.", where=where, fix="remove the example")


def _check_target(task: Task, example: Example, target: Target, where: str) -> None:
    if len(target.spans) != _N_SPANS[task.target]:
        raise InputError(
            "A target has the wrong number of spans.",
            where=where,
            expected=f"{_N_SPANS[task.target]} for a {task.target} target",
            got=len(target.spans),
        )
    for span in target.spans:
        if isinstance(example.text, str) or not 0 <= span.start < span.end <= len(example.text):
            raise InputError(
                "A span does not lie in its sentence.",
                where=where,
                expected="0 ≤ start < end ≤ number of words, and a text given as words",
                got=f"[{span.start}, {span.end})",
            )
    if task.label is LabelKind.CLASS and not isinstance(target.label, str):
        raise InputError("A class label is not text.", where=where, got=repr(target.label))
    if task.label is LabelKind.NUMBER and not (
        isinstance(target.label, float) and math.isfinite(target.label)
    ):
        raise InputError(
            "A label is no finite number.",
            where=where,
            expected="a number such as 3.5",
            got=repr(target.label),
            fix="correct or remove the example",
        )
