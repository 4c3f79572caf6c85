"""The steps of a comparison that train probes: perceptrons, edge probes, structural probes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tunescope._core.errors import InputError
from tunescope._core.progress import track
from tunescope.measures.probing.labelled_spans import LabelledSpans
from tunescope.measures.probing.parsed_sentences import ParsedSentences
from tunescope.studies.materials import Materials, Part
from tunescope.studies.measuring.clusters import Model
from tunescope.studies.measuring.edges import edge_measurements
from tunescope.studies.measuring.probes import layer_probe_measurements, random_vector_measurements
from tunescope.studies.measuring.trees import tree_measurements
from tunescope.studies.measuring.vectors import sample_sentences
from tunescope.tasks.dependency_trees_reader import ParsedText, read_trees
from tunescope.tasks.example import LabelKind, TargetKind
from tunescope.tasks.task import Examples, fingerprint
from tunescope.tasks.word_targets import word_targets

__all__ = ["Probing", "Trees", "read_tree_pair"]

_FEWEST_SENTENCES = 10
_OF_WORDS = (TargetKind.TOKEN, TargetKind.PAIR)
_MODELS: tuple[Model, ...] = ("base", "tuned")


@dataclass(frozen=True)
class Trees:
    """Parsed sentences to train structural probes on, and to test them."""

    train: ParsedText
    test: ParsedText

    def described(self) -> dict[str, str]:
        """Return what a reader must know of them: how many, and which."""
        return {
            f"trees_{name}": f"{len(text.lengths):,} sentences, {text.fingerprint[:12]}"
            for name, text in (("train", self.train), ("test", self.test))
        }


def read_tree_pair(train: str | Path | None, test: str | Path | None) -> Trees | None:
    """Read parsed sentences from two CoNLL-U files; None where neither is given.

    Raises:
        InputError: Only one is given, a file cannot be read or holds a tree that is none, or there is a single sentence
            to train on.
    """
    if train is None and test is None:
        return None
    if train is None or test is None:
        raise InputError(
            "Structural probes need parsed sentences to train on and others to test on.",
            where="--trees" if train is None else "--trees-test",
            expected="both --trees and --trees-test",
            got="only one of them",
            fix="slices of one file will do, such as ewt.conllu[:1000] and ewt.conllu[1000:1300]",
        )
    trees = Trees(read_trees(train), read_trees(test))
    if len(trees.train.lengths) < 2:
        raise InputError(
            "There are too few parsed sentences: some are held out to tell when to stop.",
            where=f"--trees {train}",
            expected="at least 2; a few hundred for figures that mean something",
            got="1 sentence",
        )
    return trees


@dataclass(frozen=True)
class Probing:
    """Probes of both models in the run of a comparison.

    Attributes:
        materials: Vectors and results.
        trees: Parsed sentences; None where there are none, and then no structural probe.
    """

    materials: Materials
    trees: Trees | None

    def parts(self) -> Iterator[Part]:
        """Perform the steps that suit the task, and return their results."""
        task, settings = self.materials.task, self.materials.settings
        if settings.probes == "none":
            return
        if task.label is LabelKind.CLASS:
            yield from self._classifiers()
        if self.trees is not None:
            yield self._structure(self.trees)

    def _classifiers(self) -> Iterator[Part]:
        """Train what needs classes: perceptrons, and edge probes where targets are spans."""
        task = self.materials.task
        sample = self._sample(task.splits["train"])
        n_labels = len({target.label for example in sample for target in example.targets})
        if len(sample) < _FEWEST_SENTENCES or n_labels < 2:
            yield Part(
                notes=(
                    f"No perceptron and edge probes: they take at least {_FEWEST_SENTENCES} training sentences and two"
                    f" labels; of the sentences probed there are {len(sample)}, with {n_labels}.",
                )
            )
            return
        yield from self._perceptrons()
        if task.target in _OF_WORDS:
            yield self._edges()

    def _perceptrons(self) -> Iterator[Part]:
        materials = self.materials
        train = {model: materials.vectors(model, "train") for model in _MODELS}
        test = {model: materials.vectors(model, "test") for model in _MODELS}
        keys = {
            "train": {model: vectors.key for model, vectors in train.items()},
            "test": {model: vectors.key for model, vectors in test.items()},
        }

        def compute(layer: int) -> Part:
            found, notes = layer_probe_measurements(
                train,
                test,
                layer,
                materials.settings,
                top=layer == layers[-1],
                are_words=materials.task.target in _OF_WORDS,
                device=materials.models.device,
            )
            return Part(measurements=found, notes=notes)

        layers = train["base"].layers
        with track("perceptron probes by layer", total=len(layers)) as advance:
            for layer in layers:
                yield materials.measure(f"probes-layer-{layer}", lambda layer=layer: compute(layer), **keys)  # type: ignore[misc]
                advance()

        def chance() -> Part:
            found, notes = random_vector_measurements(
                train["base"], test["base"], materials.settings, device=materials.models.device
            )
            return Part(measurements=found, notes=notes)

        yield materials.measure("probes-random-vectors", chance, **keys)

    def _edges(self) -> Part:
        task, settings = self.materials.task, self.materials.settings
        train = self._sample(task.splits["train"])
        known = {target.label for example in train for target in example.targets}
        sample = self._sample(task.splits["test"])
        test = tuple(
            replace(example, targets=tuple(target for target in example.targets if target.label in known))
            for example in sample
        )
        n, n_known = (sum(len(example.targets) for example in examples) for examples in (sample, test))
        left_out = f"{n - n_known} of {n} test targets have labels that the training sentences probed lack"
        if not n_known:
            return Part(notes=(f"No edge probes: {left_out}.",))

        def compute() -> Part:
            found, notes = edge_measurements(
                {model: self._spans(model, train, "train") for model in _MODELS},
                {model: self._spans(model, test, "test") for model in _MODELS},
                settings,
                device=self.materials.models.device,
            )
            aside = (f"Edge probes: {left_out}; they stand aside.",) if n_known < n else ()
            return Part(measurements=found, notes=(*notes, *aside))

        states = {model: self.materials.models.hash_of(model) for model in _MODELS}
        return self.materials.measure(
            "edge-probes", compute, train=fingerprint(train), test=fingerprint(test), **states
        )

    def _sample(self, examples: Examples) -> Examples:
        """Return whole sentences with at most so many targets as are to be probed."""
        settings = self.materials.settings
        ids = np.repeat(np.arange(len(examples)), [len(example.targets) for example in examples])
        kept = np.unique(ids[sample_sentences(ids, settings.probing_targets, settings.seed)])
        return tuple(examples[i] for i in kept)

    def _spans(self, model: Model, examples: Examples, split: str) -> LabelledSpans:
        words = word_targets(examples, only_in_spans=True)
        return LabelledSpans(
            self._words(model, words.examples, f"words-{split}"),
            words.spans,
            words.labels,
            words.sentence_ids,
        )

    def _words(self, model: Model, examples: Examples, name: str) -> np.ndarray:
        """Return the vectors of all words, layer × word × hidden."""
        store = self.materials.store(model, examples, TargetKind.TOKEN, name)
        return np.stack([store.layer(layer) for layer in store.info.layers])

    def _structure(self, trees: Trees) -> Part:
        def parsed(model: Model, text: ParsedText, name: str) -> ParsedSentences:
            vectors = self._words(model, text.examples, f"trees-{name}")
            return ParsedSentences(vectors, text.heads, text.lengths, text.scored)

        def compute() -> Part:
            found, drawn, notes = tree_measurements(
                {model: parsed(model, trees.train, "train") for model in _MODELS},
                {model: parsed(model, trees.test, "test") for model in _MODELS},
                trees.test.examples,
                self.materials.settings,
                device=self.materials.models.device,
            )
            return Part(measurements=found, trees=drawn, notes=notes)

        texts = {"train": trees.train, "test": trees.test}
        keys = {name: text.fingerprint for name, text in texts.items()}
        states = {model: self.materials.models.hash_of(model) for model in _MODELS}
        return self.materials.measure("structural-probes", compute, **keys, **states)
