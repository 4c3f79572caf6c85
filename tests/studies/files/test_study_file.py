"""Study files: good ones round-trip, bad ones give one message with every problem at its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import model_validator

from tunescope._core.errors import InputError
from tunescope.studies.files.common_settings import FinetuneEntry, ModelEntry, StudySettings
from tunescope.studies.files.study_file import read_study_file

Write = Callable[..., Path]
Refusal = Callable[..., InputError]
Classes = Mapping[str, type[StudySettings]]

GOOD = """\
study: closer-look
models:
  - google-bert/bert-base-uncased
  - path: models/small
    name: little
tasks:
  - name: pos
    format: conllu:pos
    train: pud.conllu[:800]
    test: pud.conllu[800:]
    out_of_domain: {web: web.conllu}
    options:
      encoding: utf-8
  - name: trees
    format: treebank:dep
finetune:
  preset: closer-look
  learning_rate: 3e-4
seeds: [0, 1, 2]
layers: [0, 12]
"""
N_LINES = len(GOOD.splitlines())


def test_a_good_file(write: Write, settings_classes: Classes) -> None:
    path = write(GOOD)
    read = read_study_file(path, settings_classes)
    assert (read.path, read.folder, read.study) == (path, path.parent, "closer-look")
    settings = read.settings
    assert isinstance(settings, settings_classes["closer-look"])
    assert settings.name == "closer-look"
    assert settings.models == (
        ModelEntry(path="google-bert/bert-base-uncased", name="bert-base-uncased"),
        ModelEntry(path="models/small", name="little"),
    )
    assert [task.name for task in settings.tasks] == ["pos", "trees"]
    assert settings.tasks[0].out_of_domain == {"web": "web.conllu"}
    assert settings.model_dump()["finetune"]["learning_rate"] == 3e-4
    assert (settings.seeds, settings.layers) == ((0, 1, 2), (0, 12))


def test_good_files_round_trip(write: Write, settings_classes: Classes) -> None:
    read = read_study_file(write(GOOD), settings_classes)
    assert type(read.settings).model_validate_json(read.settings.model_dump_json()) == read.settings
    dumped = write(yaml.safe_dump(read.settings.model_dump(mode="json")), "again.yaml")
    assert read_study_file(dumped, settings_classes).settings == read.settings


def test_the_folder_is_absolute(
    write: Write, settings_classes: Classes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(GOOD, "below/study.yaml")
    monkeypatch.chdir(tmp_path)
    read = read_study_file("below/study.yaml", settings_classes)
    assert (read.path, read.folder) == (Path("below/study.yaml"), tmp_path / "below")


@pytest.mark.parametrize(
    ("first", "line", "words"),
    [
        (
            "study: closer-lok",
            1,
            ["no such study", "closer-look, frozen-vs-tuned", "did you mean 'closer-look'?"],
        ),
        ("study: Frozen-vs-Tuned", 1, ["did you mean 'frozen-vs-tuned'?"]),
        ("study: zzz", 1, ["no such study", "got: 'zzz'"]),
        ("study: 3", 1, ["no such study", "got: 3"]),
        ("study:", 1, ["no such study", "got: nothing"]),
        ("study: [closer-look]", 1, ["no such study", "a list of 1"]),
        (
            "# nothing\nStudy: closer-look",
            2,
            ["does not say which study", "write 'study' instead of 'Study'"],
        ),
        ("level: 0.9", 1, ["does not say which study", "closer-look, frozen-vs-tuned", "add a line"]),
    ],
)
def test_the_study_must_be_known(
    write: Write, refusal: Refusal, settings_classes: Classes, first: str, line: int, words: list[str]
) -> None:
    path = write(GOOD.replace("study: closer-look", first))
    error = refusal(read_study_file, path, settings_classes)
    assert str(error.where).split(",")[0] == f"{path}:{line}"
    for word in words:
        assert word in str(error)


def _after(text: str) -> tuple[str, str]:
    """Replace nothing, but add lines at the end."""
    return "layers: [0, 12]\n", f"layers: [0, 12]\n{text}\n"


@pytest.mark.parametrize(
    ("change", "line", "place", "expected", "got", "fix"),
    [
        (_after("leyers: all"), 21, "leyers", "layers", "'leyers'", "did you mean 'layers'?"),
        (_after("zzz: 1"), 21, "zzz", "one of study, name, models", "'zzz'", "remove it"),
        (
            ("  learning_rate: 3e-4", "  epoch: 3"),
            18,
            "finetune.epoch",
            "epochs",
            "'epoch'",
            "mean 'epochs'?",
        ),
        (
            ("    name: little", "    nam: x"),
            5,
            "models[1].nam",
            "path, name",
            "'nam'",
            "did you mean 'name'?",
        ),
        (("    train", "    trian"), 9, "tasks[0].trian", "train, test", "'trian'", "did you mean 'train'?"),
        (("  - path: models/small\n", "  -\n"), 5, "models[1].path", "a key 'path'", "the keys name", None),
        (("  - google-bert/bert-base-uncased", "  - 3"), 3, "models[0]", "keys and values", "3", None),
        (("  - google-bert/bert-base-uncased", "  - ''"), 3, "models[0]", "at least 1 character", "''", None),
        (("path: models/small", "path: 3"), 4, "models[1].path", "text", "3", "put it in quotes"),
        (("name: little", "name: no"), 5, "models[1].name", "text", "false", "put it in quotes"),
        (("name: little", "name: ' '"), 5, "models[1].name", "a name", "' '", "write one"),
        (("name: pos", "name:"), 7, "tasks[0].name", "text", "nothing", None),
        (
            ("  - name: pos\n    format", "  - format"),
            7,
            "tasks[0].name",
            "a key 'name'",
            "the keys format",
            None,
        ),
        (
            ("conllu:pos", "conllu:pso"),
            8,
            "tasks[0].format",
            "conllu:pos",
            "'conllu:pso'",
            "mean 'conllu:pos'?",
        ),
        (
            ("    train: pud.conllu[:800]\n", ""),
            7,
            "tasks[0]",
            "a key 'train'",
            "none in task 'pos'",
            "slice",
        ),
        (
            ("    test: pud.conllu[800:]", "    test: ''"),
            10,
            "tasks[0].test",
            "a key 'test'",
            "none in",
            "slice",
        ),
        (
            ("treebank:dep", "treebank:dep\n    dev: x"),
            16,
            "tasks[1].dev",
            "only its options",
            "a key 'dev'",
            "remove",
        ),
        (
            ("treebank:dep", "table\n    train: x\n    test: y\n    options: {label_kind: x}"),
            18,
            "tasks[1].options.label_kind",
            "class",
            "'x'",
            None,
        ),
        (
            ("encoding: utf-8", "encodng: x"),
            13,
            "tasks[0].options.encodng",
            "encoding",
            "'encodng'",
            "'encoding'?",
        ),
        (
            ("encoding: utf-8", "encoding: [1]"),
            13,
            "tasks[0].options.encoding",
            "text or",
            "a list of 1",
            None,
        ),
        (("encoding: utf-8", "encoding: 3"), 13, "tasks[0].options.encoding", "string", "3", None),
        (("{web: web.conllu}", "[x]"), 11, "tasks[0].out_of_domain", "keys and values", "a list of 1", None),
        (
            ("    out_of_domain", "    metric: acuracy\n    out_of_domain"),
            11,
            "tasks[0].metric",
            "accuracy",
            "'acuracy'",
            "mean",
        ),
        (("preset: closer-look", "preset: usul"), 17, "finetune.preset", "usual", "'usul'", "mean 'usual'?"),
        (("3e-4", "fast"), 18, "finetune.learning_rate", "a number", "'fast'", None),
        (("3e-4", "-1"), 18, "finetune.learning_rate", "a number above 0", "-1", None),
        (("3e-4", "1e999"), 18, "finetune.learning_rate", "a finite number", "'1e999'", None),
        (("3e-4", "yes"), 18, "finetune.learning_rate", "a number", "true", None),
        (("learning_rate: 3e-4", "batch_size: 0"), 18, "finetune.batch_size", "at least 1", "0", None),
        (("learning_rate: 3e-4", "bf16: maybe"), 18, "finetune.bf16", "true or false", "'maybe'", None),
        (("seeds: [0, 1, 2]", "seeds: 3"), 19, "seeds", "a list", "3", "dash"),
        (("seeds: [0, 1, 2]", "seeds:\n  - 0\n  - -1"), 21, "seeds[1]", "at least 0", "-1", None),
        (("seeds: [0, 1, 2]", "seeds:\n- 0\n- 1.5"), 21, "seeds[1]", "a whole number", "1.5", None),
        (("seeds: [0, 1, 2]", "seeds: [true]"), 19, "seeds[0]", "a whole number", "true", None),
        (("seeds: [0, 1, 2]", "seeds: []"), 19, "seeds", "a list of at least 1", "an empty list", None),
        (
            ("seeds: [0, 1, 2]", "seeds:\n- 4\n- 4"),
            21,
            "seeds[1]",
            "each value once",
            "4, as on line 20 (seeds[0])",
            "",
        ),
        (("[0, 12]", "al"), 20, "layers", "'all' or a list", "'al'", None),
        (("[0, 12]", "[0,\n  x]"), 21, "layers[1]", "a whole number", "'x'", None),
        (("[0, 12]", "[0, -1]"), 20, "layers[1]", "at least 0", "-1", None),
        (("[0, 12]", "[1, 1]"), 20, "layers[1]", "each value once", "as on line 20 (layers[0])", None),
        (_after("threads_per_step: 0"), 21, "threads_per_step", "a number of at least 1", "0", None),
        (_after("level: 1"), 21, "level", "a number below 1", "1", None),
        (_after("n_resamples: 5"), 21, "n_resamples", "a number of at least 20", "5", None),
        (_after("max_targets: x"), 21, "max_targets", "a whole number", "'x'", None),
        (_after("name: 7"), 21, "name", "text", "7", "put it in quotes"),
    ],
)
def test_each_problem_is_told_with_its_line(
    write: Write,
    refusal: Refusal,
    settings_classes: Classes,
    change: tuple[str, str],
    line: int,
    place: str,
    expected: str,
    got: str,
    fix: str | None,
) -> None:
    assert change[0] in GOOD
    path = write(GOOD.replace(change[0], change[1], 1))
    error = refusal(read_study_file, path, settings_classes)
    assert error.where == f"{path}:{line}, {place}", str(error)
    assert expected in str(error.expected)
    assert got in str(error.got)
    assert (fix or "") in str(error.fix)


def test_duplicate_names_are_told_with_both_lines(
    write: Write, refusal: Refusal, settings_classes: Classes
) -> None:
    path = write(GOOD.replace("name: little", "name: bert-base-uncased"))
    error = refusal(read_study_file, path, settings_classes)
    assert error.where == f"{path}:5, models[1].name"
    assert error.got == "'bert-base-uncased', as on line 3 (models[0])"
    path = write(GOOD.replace("name: trees", "name: pos"))
    error = refusal(read_study_file, path, settings_classes)
    assert error.where == f"{path}:14, tasks[1].name"
    assert error.got == "'pos', as on line 7 (tasks[0].name)"


def test_all_problems_are_told_at_once_in_the_order_of_lines(
    write: Write, refusal: Refusal, settings_classes: Classes
) -> None:
    text = (
        GOOD.replace("path: models/small", "path: 3").replace("3e-4", "fast").replace("[0, 12]", "[x, y, 3]")
    )
    path = write(f"{text}foo: 1\n")
    error = refusal(read_study_file, path, settings_classes)
    first, *rest = str(error).splitlines()
    assert first == f"The study file {path} has 5 problems:"
    assert rest[:4] == [
        "  line 4, models[1].path: expected text, got 3; put it in quotes",
        "  line 18, finetune.learning_rate: expected a number, got 'fast'",
        "  line 20, layers[0]: expected a whole number, got 'x'",
        "  line 20, layers[1]: expected a whole number, got 'y'",
    ]
    assert rest[4].startswith("  line 21, foo: expected one of study, name, models")
    assert rest[4].endswith("got 'foo'; remove it")
    assert len(rest) == 5


def test_missing_keys_and_a_flood_of_problems(
    write: Write, refusal: Refusal, settings_classes: Classes
) -> None:
    error = str(refusal(read_study_file, write("\nstudy: frozen-vs-tuned\n"), settings_classes))
    assert "line 2, models: expected a key 'models', got the keys study" in error
    assert "line 2, tasks: expected a key 'tasks', got the keys study" in error
    flood = GOOD.replace("[0, 1, 2]", str([-1 - i for i in range(500)]))
    error = str(refusal(read_study_file, write(flood), settings_classes))
    assert len(error.splitlines()) < 30
    assert "has 500 problems" in error
    assert "… and 480 more" in error


def test_problems_in_what_an_alias_stands_for(
    write: Write, refusal: Refusal, settings_classes: Classes
) -> None:
    tuning = "finetune: &tuning\n  epochs: none\n"
    text = GOOD.replace("finetune:\n  preset: closer-look\n  learning_rate: 3e-4\n", tuning)
    path = write(text)
    assert refusal(read_study_file, path, settings_classes).where == f"{path}:17, finetune.epochs"


def test_values_are_shortened(write: Write, refusal: Refusal, settings_classes: Classes) -> None:
    error = refusal(read_study_file, write(GOOD.replace("3e-4", "x" * 900)), settings_classes)
    assert len(str(error)) < 600


def test_control_characters_are_escaped(write: Write, refusal: Refusal, settings_classes: Classes) -> None:
    text = GOOD.replace("  - path: models/small\n", '  - "\\e[31m": 3\n').replace("conllu:pos", '"\\e[31m"')
    for content in (text, text.replace("study:", "zzz:"), '"\\e[31m": 1\n'):
        assert "\x1b" not in str(refusal(read_study_file, write(content), settings_classes))


def test_a_study_names_the_place_of_what_it_refuses(write: Write, refusal: Refusal) -> None:
    class Short(StudySettings):
        """A study that is short of time."""

        finetune: FinetuneEntry = FinetuneEntry()

        @model_validator(mode="after")
        def _check(self) -> Short:
            raise InputError("Too long.", where="finetune.learning_rate", got="x" * 900, fix="be quick")

    path = write(GOOD)
    error = refusal(read_study_file, path, {"closer-look": Short})
    assert (error.what, error.where) == ("Too long.", f"{path}:18, finetune.learning_rate")
    assert (error.expected, error.fix) == (None, "be quick")
    assert len(str(error.got)) < 100


def test_a_study_of_its_own_checks(write: Write, refusal: Refusal) -> None:
    class Odd(StudySettings):
        """A study that wants an odd number of seeds."""

        finetune: FinetuneEntry = FinetuneEntry()

        @model_validator(mode="after")
        def _check(self) -> Odd:
            if len(self.seeds) % 2 == 0:
                raise ValueError("the number of seeds must be odd")
            return self

    path = write(GOOD.replace("[0, 1, 2]", "[0, 1]"))
    error = refusal(read_study_file, path, {"closer-look": Odd})
    assert error.what == "the number of seeds must be odd"
    assert error.where == f"{path}:1"
    path = write(f"{GOOD}zzz: 1\n".replace("    name: little", "    nam: little"))
    assert "models[1].nam" in str(refusal(read_study_file, path, {"closer-look": Odd}))
