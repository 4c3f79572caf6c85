import ast
import subprocess
import sys

import pytest

from tunescope.tasks.example import LabelKind
from tunescope.tasks.formats import FORMATS, find_format
from tunescope.tasks.metrics import METRICS_BY_KIND
from tunescope.tasks.task import Task


def test_names_are_keys():
    assert all(name == format.name for name, format in FORMATS.items())


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_every_format_is_described(format):
    assert format.description
    assert format.example
    assert "\n" not in format.description
    assert not format.metric or format.metric in METRICS_BY_KIND[format.label or LabelKind.CLASS]


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_every_example_of_use_names_what_there_is(format, generated):
    call = ast.parse(f"read_task('{format.name}', {format.example})", mode="eval").body
    assert {keyword.arg for keyword in call.keywords} <= {"train", "test", "dev", *format.options}


@pytest.mark.parametrize("format", [f for f in FORMATS.values() if f.reader], ids=lambda f: f.name)
def test_every_reader_has_an_encoding_and_is_documented(format):
    assert "encoding" in format.options
    assert set(format.training_files) <= set(format.options)
    for section in ("Args:", "Returns:", "Raises:", *format.options):
        assert section in format.reader.__doc__


def test_unknown_format_suggests_the_nearest(refusal):
    message = refusal(find_format, "conll:pos")
    assert "There is no such format" in message
    assert "trec:coarse" in message
    assert "did you mean 'conllu:pos'?" in message
    assert "did you mean 'glue:sst2'?" in refusal(find_format, "SST2")
    assert "what to do" not in refusal(find_format, "zzzzzzzz")


def test_formats_that_read_files_generate_nothing(refusal):
    assert "This format reads files" in refusal(FORMATS["snli"].generate)


def test_treebank_is_a_generator(generated):
    format = FORMATS["treebank:pos"]
    assert format.reader is None
    assert format.options == ("seed", "n_train")
    assert isinstance(format.generate(seed=3), Task)
    assert generated == [("pos", {"seed": 3})]


def test_import_brings_neither_torch_nor_datasets():
    modules = "formats, source, metrics, hub_reader, options"
    code = f"from tunescope.tasks import {modules}; import sys; print({{'torch', 'datasets'}} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
