"""Errors about what a study file names, told with the line that names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tunescope._core.errors import TunescopeError
from tunescope.studies.files.places import Place, dotted
from tunescope.studies.files.study_file import StudyFile

__all__ = ["told_with_line"]


@contextmanager
def told_with_line(file: StudyFile, place: Place) -> Iterator[None]:
    """Within this context, errors also say which line of the study file they come from.

    Args:
        file: The study file.
        place: What it is about, as far as the file says it.
    """
    try:
        yield
    except TunescopeError as error:
        here = place if file.source.has(place) else ()
        line = f"{file.source.where(here)}, {dotted(here)}" if here else file.source.where()
        where = line if error.where in (None, dotted(place)) else f"{line}: {error.where}"
        raise type(error)(
            error.what, where=where, expected=error.expected, got=error.got, fix=error.fix
        ) from error
