"""The files and folders that a study file names: found, or told with the line of the path, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from tunescope._core.errors import InputError
from tunescope.studies.files.common_settings import ModelEntry, TaskEntry
from tunescope.studies.files.places import Place
from tunescope.studies.files.problems import Problem, refuse
from tunescope.studies.files.study_file import StudyFile
from tunescope.tasks.formats import find_format
from tunescope.tasks.sentence_slice import split_slice

__all__ = ["check_paths", "model_location"]

_PARTS_OF_A_HUB_NAME = 2


def check_paths(study_file: StudyFile) -> None:
    """Check that the files of the tasks and the folders of the models are there; nothing is read or fetched.

    Names of models on the hub are not checked.

    Args:
        study_file: The study file; relative paths start from its folder.

    Raises:
        InputError: A file or folder is missing, or a slice is none; one message tells all, each with its line.
    """
    settings = study_file.settings
    problems = [
        problem
        for i, task in enumerate(settings.tasks)
        for place, path in _files(task, ("tasks", i))
        for problem in _file_problems(place, path, study_file.folder)
    ]
    for place, path in settings.more_files():
        problems += _file_problems(place, path, study_file.folder)
    for i, model in enumerate(settings.models):
        problems += _model_problems(model, ("models", i), study_file)
    if problems:
        raise refuse(study_file.source, problems)


def model_location(model: ModelEntry, folder: Path) -> str:
    """Return what to load a model by: an absolute folder, or a name on the hub.

    Args:
        model: The model.
        folder: What a relative path starts from. A folder there comes before a name on the hub.
    """
    path = _from_folder(model.path, folder)
    if _looks_like_a_folder(model.path) or _exists(path):
        return str(path)
    return model.path


def _files(task: TaskEntry, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield the places of a task's paths, and the paths."""
    format = find_format(task.format)
    for split in ("train", "test", "dev"):
        if (path := getattr(task, split)) is not None:
            yield (*place, split), path
    for name, path in task.out_of_domain.items():
        yield (*place, "out_of_domain", name), path
    for option in format.training_files:
        path = task.options.get(option)
        if isinstance(path, str):
            yield (*place, "options", option), path


def _file_problems(place: Place, path: str, folder: Path) -> Iterator[Problem]:
    if not path.strip():
        yield Problem(place, "A path is empty.", "the path of a file", repr(path))
        return
    try:
        file, _ = split_slice(path, folder=folder)
        is_file = file.is_file()
    except InputError as error:
        yield Problem(place, error.what, str(error.expected), f"{error.got} in {path!r}")
        return
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, no such user, a zero byte
        yield Problem(place, "A path cannot be used.", "the path of a file", _unusable(path, error))
        return
    if not is_file:
        got = f"{path!r}, but {file} is a folder" if file.is_dir() else f"{path!r}, but there is no {file}"
        yield Problem(place, "A file is missing.", "the path of a file", got, _similar_name(file))


def _model_problems(model: ModelEntry, place: Place, study_file: StudyFile) -> Iterator[Problem]:
    here = (*place, "path") if study_file.source.has((*place, "path")) else place
    try:
        location = Path(model_location(model, study_file.folder))
        is_fine = not location.is_absolute() or location.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        got = _unusable(model.path, error)
        yield Problem(here, "A path cannot be used.", "a folder, or a name on the hub", got)
        return
    if not is_fine:
        kind = "is a file" if location.is_file() else "does not exist"
        yield Problem(
            here,
            "A model's folder is missing.",
            "a folder with config.json and model.safetensors, or a name on the Hugging Face hub",
            f"{model.path!r}, but {location} {kind}",
            _similar_name(location),
        )


def _looks_like_a_folder(path: str) -> bool:
    n_parts = len(Path(path).parts)
    marked = path.startswith((".", "~")) or path.endswith("/") or Path(path).is_absolute()
    return marked or n_parts > _PARTS_OF_A_HUB_NAME


def _unusable(path: str, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else error
    return f"{path[:80]!r}: {reason}"


def _from_folder(path: str, folder: Path) -> Path:
    return folder / Path(path).expanduser()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long
        return False


def _similar_name(path: Path) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return f"check the path: there is no folder {path.parent}"
    similar = get_close_matches(path.name, names, n=1)
    return f"did you mean {similar[0]!r}?" if similar else ""
