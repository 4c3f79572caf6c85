"""A text of a study file, read in one of the formats of tasks."""

from __future__ import annotations

from pydantic import Field, model_validator

from tunescope._core.errors import InputError
from tunescope._core.records import Record
from tunescope.tasks.formats import FORMATS, find_format
from tunescope.tasks.options import check_options
from tunescope.tasks.source import TaskSource

__all__ = ["NamedTextEntry", "TextEntry"]


class TextEntry(Record):
    """A text; its labels have no part in the study.

    Attributes:
        format: What it is written in; ``tunescope tasks`` lists the formats that read files.
        path: Its path, perhaps with a slice of its sentences; a relative one starts from the study file's folder.
        options: Options of the format by name.
    """

    format: str = Field(json_schema_extra={"enum": [name for name, each in FORMATS.items() if each.reader]})
    path: str = Field(min_length=1)
    options: dict[str, str | bool | int | float | None] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_format(self) -> TextEntry:
        format = find_format(self.format)
        if format.reader is None:
            raise InputError(
                "The format generates its data and reads no file.",
                where="format",
                expected="a format that reads files",
                got=repr(self.format),
            )
        check_options(format.function, self.options, owner=f"format {format.name!r}")
        return self

    @property
    def source(self) -> TaskSource:
        """Where it comes from, as a task whose training and test set both are the text."""
        return TaskSource(
            format=self.format, name="text", train=self.path, test=self.path, options=self.options
        )


class NamedTextEntry(TextEntry):
    """A text with a name.

    Attributes:
        name: What it is called on the page.
    """

    name: str = Field(min_length=1)
