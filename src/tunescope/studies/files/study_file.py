"""A study file: which study with which settings, read from YAML and checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from tunescope.studies.files.common_settings import StudySettings
from tunescope.studies.files.located_yaml import LocatedYaml, read_located_yaml
from tunescope.studies.files.problems import Problem, refuse, shown
from tunescope.studies.files.validation import validated
from tunescope.tasks.text_file import FilePath

__all__ = ["StudyFile", "read_study_file"]


@dataclass(frozen=True)
class StudyFile:
    """What a study file asks for.

    Attributes:
        path: The file.
        folder: The file's folder, absolute: what relative paths in it start from.
        study: Name of the study.
        settings: The settings of that study.
        source: The file's content with its lines, for what is checked later.
    """

    path: Path
    folder: Path
    study: str
    settings: StudySettings
    source: LocatedYaml = field(repr=False, compare=False)


def read_study_file(path: FilePath, settings_classes: Mapping[str, type[StudySettings]]) -> StudyFile:
    """Read a study file and check it; the files and models that it names are not looked at.

    Args:
        path: A YAML file with a key ``study``, the others being the settings of that study.
        settings_classes: The settings of each study by the study's name.

    Raises:
        InputError: The file cannot be read, there is no such study, or its settings are not what they have to be; one
            message tells every problem with its line.
    """
    source = read_located_yaml(path)
    study = _study(source, settings_classes)
    settings = validated(settings_classes[study], source)
    return StudyFile(source.path, source.path.absolute().parent, study, settings, source)


def _study(source: LocatedYaml, settings_classes: Mapping[str, type[StudySettings]]) -> str:
    name = source.values.get("study")
    if isinstance(name, str) and name in settings_classes:
        return name
    known = ", ".join(settings_classes)
    if "study" not in source.values:
        similar = get_close_matches("study", source.values, n=1)
        raise refuse(
            source,
            [
                Problem(
                    (similar[0],) if similar else (),
                    "The file does not say which study it is.",
                    f"a key 'study' with one of {known}",
                    shown(source.values),
                    f"write 'study' instead of {similar[0]!r}"
                    if similar
                    else "add a line such as 'study: …'",
                )
            ],
        )
    similar = get_close_matches(str(name).lower(), settings_classes, n=1, cutoff=0.4)
    fix = f"did you mean {similar[0]!r}?" if similar else ""
    raise refuse(source, [Problem(("study",), "There is no such study.", known, shown(name), fix)])
