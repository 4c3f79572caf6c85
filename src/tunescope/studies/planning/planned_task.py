"""A task of a study file, and what steps are given of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from tunescope.studies.engine.plan import Content
from tunescope.studies.files.common_settings import TaskEntry
from tunescope.studies.files.problems import Problem, refuse
from tunescope.studies.files.study_file import StudyFile
from tunescope.studies.files.told_with_line import told_with_line
from tunescope.studies.steps.inputs import task_input
from tunescope.tasks.example import LabelKind
from tunescope.tasks.task import Task

__all__ = ["PlannedTask"]


@dataclass(frozen=True)
class PlannedTask:
    """A task, read once.

    Attributes:
        file: The study file.
        number: Which of the file's tasks it is, from 0.
        partition_seed: Draws a random division of its sentences into training and test set, of the given sizes;
            None for the division that the study file gives.
    """

    file: StudyFile
    number: int
    partition_seed: int | None = None

    @property
    def entry(self) -> TaskEntry:
        """What the study file says of it."""
        return self.file.settings.tasks[self.number]

    @property
    def name(self) -> str:
        """Its name in the study file."""
        return self.entry.name

    @cached_property
    def task(self) -> Task:
        """Its sentences.

        Raises:
            InputError: They cannot be read.
        """
        with told_with_line(self.file, ("tasks", self.number)):
            task = self.entry.load(self.file.folder)
        return task if self.partition_seed is None else task.random_split(self.partition_seed)

    @cached_property
    def content(self) -> Content:
        """What steps are given of it."""
        return task_input(self.entry, self.file.folder, self.task, self.partition_seed)

    def check_labels(self, kinds: Collection[LabelKind], why: str, expected: str, fix: str) -> None:
        """Refuse a task whose labels are of another kind, with the line of its format.

        Args:
            kinds: What labels may be.
            why: A sentence that says what the study does with labels.
            expected: The kinds in words.
            fix: What the reader can do instead.

        Raises:
            InputError: The labels are of another kind.
        """
        if self.task.label not in kinds:
            got = f"labels of the kind {self.task.label.value}"
            problem = Problem(("tasks", self.number, "format"), why, expected, got, fix)
            raise refuse(self.file.source, [problem])

    def n_targets(self, split: str) -> int:
        """Return how many targets a split has."""
        return sum(len(example.targets) for example in self.task.splits[split])

    @cached_property
    def words_per_example(self) -> float:
        """How many words an example of the training set has on average, in both of its texts."""
        examples = self.task.splits["train"]
        texts = [text for example in examples for text in (example.text, example.second_text) if text]
        words = sum(len(text.split() if isinstance(text, str) else text) for text in texts)
        return words / max(1, len(examples))
