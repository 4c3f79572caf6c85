"""Where a task comes from: a format, files by split, and options; as a record, and as a function."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.tasks.example import Example, LabelKind, TargetKind
from tunescope.tasks.formats import Format, find_format
from tunescope.tasks.metrics import METRICS_BY_KIND
from tunescope.tasks.options import check_options
from tunescope.tasks.sentence_slice import split_slice
from tunescope.tasks.task import Examples, Task
from tunescope.tasks.text_file import FilePath

__all__ = ["TaskSource", "read_task"]

_SPLITS = ("train", "test", "dev")
_Option = str | bool | int | float | None
_N_SPANS_TO_TARGET = (TargetKind.SENTENCE, TargetKind.TOKEN, TargetKind.PAIR)


class TaskSource(Record):
    """Where a task comes from, as a study file says it.

    A path may carry a slice of its sentences: ``pud.conllu[:800]`` is the first 800, ``pud.conllu[800:]`` the
    rest. Sentences without a target are left out after that.

    Attributes:
        format: Name of a format, one of :data:`~tunescope.tasks.formats.FORMATS`.
        train: Path of the training set; none for formats that generate their data.
        test: Path of the test set; none for formats that generate their data.
        dev: Path of a development set.
        out_of_domain: Paths of sets from other domains, in the same format, by name.
        name: Name of the task; by default that of the format.
        metric: Main metric; by default the format's.
        options: Options of the format by name, such as ``encoding``; see :attr:`Format.options
            <tunescope.tasks.formats.Format.options>`.
    """

    format: str
    train: str | None = None
    test: str | None = None
    dev: str | None = None
    out_of_domain: dict[str, str] = Field(default_factory=dict)
    name: str = ""
    metric: str = ""
    options: dict[str, _Option] = Field(default_factory=dict)

    def load(self, folder: FilePath = ".") -> Task:
        """Read the files, or generate the data, and return the task.

        Args:
            folder: What relative paths start from.

        Raises:
            InputError: The format, an option or the metric is unknown, a path is missing or must not be there, a
                file cannot be read, a slice holds no sentence, or the examples make no task.
        """
        format = find_format(self.format)
        options = check_options(format.function, self.options, owner=f"format {format.name!r}")
        _check_paths(self, format)
        if format.reader is None:
            return self._renamed(format.generate(**options))
        base = Path(folder).expanduser()
        sets = {
            name: _read_set(path, format, _options_of(name, format, options, base), base)
            for name, path in _paths(self).items()
        }
        target, label = _kinds(format, sets["train"][0])
        _check_metric(self.metric, label)
        return Task(
            name=self.name or format.name,
            target=target,
            label=label,
            splits={split: examples for split, examples in sets.items() if split in _SPLITS},
            out_of_domain={name: sets[name] for name in self.out_of_domain},
            metric=self.metric or format.metric,
        )

    def _renamed(self, task: Task) -> Task:
        _check_metric(self.metric, task.label)
        if not (self.name or self.metric):
            return task
        return replace(task, name=self.name or task.name, metric=self.metric or task.metric)


def read_task(
    format: str,
    *,
    train: FilePath | None = None,
    test: FilePath | None = None,
    dev: FilePath | None = None,
    out_of_domain: Mapping[str, FilePath] | None = None,
    name: str = "",
    metric: str = "",
    **options: _Option | os.PathLike[str],
) -> Task:
    """Read a task from files in one of the known formats, or generate it.

    Args:
        format: Name of a format, one of :data:`~tunescope.tasks.formats.FORMATS`, such as ``"conllu:pos"``.
        train: Path of the training set, perhaps with a slice of sentences as in ``"pud.conllu[:800]"``; none for
            formats that generate their data.
        test: Path of the test set; none for formats that generate their data.
        dev: Path of a development set.
        out_of_domain: Paths of sets from other domains, in the same format, by name.
        name: Name of the task; by default that of the format.
        metric: Main metric; by default the format's.
        options: Options of the format, such as ``encoding="latin-1"``.

    Returns:
        The task. Sentences without a target are left out of it.

    Raises:
        InputError: The format, an option or the metric is unknown, a path is missing or must not be there, a file
            cannot be read, a slice holds no sentence, or the examples make no task.
    """
    source = TaskSource(
        format=format,
        train=_as_text(train),
        test=_as_text(test),
        dev=_as_text(dev),
        out_of_domain={key: os.fspath(path) for key, path in (out_of_domain or {}).items()},
        name=name,
        metric=metric,
        options={key: _plain_option(value) for key, value in options.items()},
    )
    return source.load()


def _as_text(path: FilePath | None) -> str | None:
    return None if path is None else os.fspath(path)


def _plain_option(
    value: str | bool | int | float | os.PathLike[str] | None,
) -> str | bool | int | float | None:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _paths(source: TaskSource) -> dict[str, str]:
    splits = {"train": source.train, "test": source.test, "dev": source.dev}
    return {**{name: path for name, path in splits.items() if path is not None}, **source.out_of_domain}


def _check_metric(metric: str, kind: LabelKind) -> None:
    known = METRICS_BY_KIND.get(kind, ())
    if metric and metric not in known:
        raise InputError(
            "The metric does not suit the task.",
            where="metric",
            expected=f"{', '.join(known)} where labels are of kind {kind.value!r}",
            got=repr(metric),
        )


def _check_paths(source: TaskSource, format: Format) -> None:
    given = _paths(source)
    if format.reader is None and given:
        raise InputError(
            f"The format {format.name!r} generates its data and reads no file.",
            where=next(iter(given)),
            expected=f"only its options: {', '.join(format.options)}",
            got=repr(next(iter(given.values()))),
        )
    for split in ("train", "test") if format.reader is not None else ():
        if split not in given:
            raise InputError(
                f"The path of the {split} set is missing.",
                where=split,
                expected=format.example,
                got=", ".join(f"{name}={path!r}" for name, path in given.items()) or "no path",
                fix="give one; a slice of one file will do, such as [:800] for train and [800:] for test",
            )
    for split in _SPLITS:
        if split in source.out_of_domain:
            raise InputError(
                "An out-of-domain set has the name of a split.", where="out_of_domain", got=split
            )


def _options_of(split: str, format: Format, options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the options for one set: files to go with the training set only for it, and from the same folder."""
    chosen = dict(options)
    for name in format.training_files:
        value = chosen.pop(name, None)
        if split == "train" and value is not None:
            chosen[name] = folder / Path(value).expanduser()
    return chosen


def _read_set(path: str, format: Format, options: dict[str, Any], folder: Path) -> Examples:
    file, part = split_slice(path, folder=folder)
    examples: Examples = format.function(file, **options)  # type: ignore[assignment]
    chosen = examples[part]
    if not chosen:
        raise InputError(
            "The slice holds no sentence." if examples else "The file holds no sentence.",
            where=path,
            expected=f"a slice of the file's {len(examples)} sentences" if examples else "at least one",
            got="none",
        )
    kept = tuple(example for example in chosen if example.targets)
    if not kept:
        raise InputError(
            "No sentence has a target.",
            where=path,
            expected=format.description,
            got=f"{len(chosen)} sentences without any",
        )
    return kept


def _kinds(format: Format, example: Example) -> tuple[TargetKind, LabelKind]:
    """Return the format's kinds of target and label, or those that an example with a target shows."""
    first = example.targets[0]
    spans_say = _N_SPANS_TO_TARGET[len(first.spans)]
    examples_say = TargetKind.SENTENCE_PAIR if example.second_text is not None else spans_say
    label = LabelKind.NUMBER if isinstance(first.label, float) else LabelKind.CLASS
    return format.target or examples_say, format.label or label
