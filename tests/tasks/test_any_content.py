"""Whatever a file holds, a reader returns examples or says what is wrong: nothing else comes out of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunescope._core.errors import InputError
from tunescope.tasks.example import Example
from tunescope.tasks.formats import FORMATS

READERS = {name: format.reader for name, format in FORMATS.items() if format.reader}
FRAGMENTS = [
    *("\t", "\n", "\r\n", '"', ",", "{", "}", "[", "]", ":", "1", "0", "-", ".", "_", "p.X", "NaN", "\ufeff"),
    *(
        "text,label\n",
        "sentence\tlabel\n",
        "sentence1\tsentence2\tlabel\n",
        "1\tx\tx\tX\t_\t_\t0\troot\t_\t_\n",
    ),
    *(
        '{"text": "a b", "targets": [',
        '{"span1": [0, 1], "label": "x"}',
        "LOC:city Where ?",
        "\u2028",
        "\x00",
    ),
]
contents = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from(FRAGMENTS)).map("".join).map(str.encode)
)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60)
@given(content=contents)
def test_readers_return_examples_or_refuse(tmp_path_factory, name, content):
    folder = tmp_path_factory.mktemp("any-content")
    for file in ("s1.csv", "s2.csv", "labels.csv"):
        (folder / file).write_bytes(content)
    try:
        examples, message = READERS[name](folder / "s1.csv"), ""
    except InputError as error:
        examples, message = (), str(error)
    assert all(isinstance(example, Example) for example in examples)
    assert "where: " in message or not message
