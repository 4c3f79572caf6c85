import pytest

from tunescope.tasks.conllulex_reader import CONLLULEX_COLUMNS
from tunescope.tasks.entity_reader import read_entities
from tunescope.tasks.example import Span
from tunescope.tasks.source import read_task
from tunescope.tasks.span_f1 import spans_of_tags


def row(word_id, form, *, smwe="_", ss="_"):
    values = {"ID": str(word_id), "FORM": form, "SMWE": smwe, "SS": ss}
    return "\t".join(values.get(column, "_") for column in CONLLULEX_COLUMNS) + "\n"


def tags(examples):
    return [[target.label for target in example.targets] for example in examples]


def test_single_nouns_expressions_and_everything_else(write):
    path = write(
        "a.conllulex",
        "# sent_id = s1\n"
        + row(1, "Dr.", smwe="1:1", ss="n.PERSON")
        + row(2, "Who", smwe="1:2")
        + row(3, "Mum", ss="n.PERSON")
        + row(4, "gave", smwe="2:1", ss="v.social")
        + row(5, "up", smwe="2:2")
        + row("5.1", "left", ss="n.TIME")
        + row(6, "at", ss="p.Locus")
        + row(7, "home", ss="n.LOCATION")
        + row(8, "huh", ss="??")
        + row(9, "$", ss="`$")
        + "\n"
        + row(1, "Tea", ss="n.FOOD"),
    )
    examples = read_entities(path)
    assert [example.sentence_id for example in examples] == ["s1", "a.conllulex:13"]
    assert examples[0].text == ("Dr.", "Who", "Mum", "gave", "up", "at", "home", "huh", "$")
    assert [target.spans for target in examples[0].targets] == [(Span(i, i + 1),) for i in range(9)]
    assert tags(examples) == [
        ["B-n.PERSON", "I-n.PERSON", "B-n.PERSON", "O", "O", "O", "B-n.LOCATION", "O", "O"],
        ["B-n.FOOD"],
    ]


def test_neighbouring_expressions_of_one_type_stay_apart(write):
    path = write(
        "a.conllulex",
        row(1, "ice", smwe="1:1", ss="n.FOOD")
        + row(2, "cream", smwe="1:2")
        + row(3, "apple", smwe="2:1", ss="n.FOOD")
        + row(4, "pie", smwe="2:2"),
    )
    assert tags(read_entities(path)) == [["B-n.FOOD", "I-n.FOOD", "B-n.FOOD", "I-n.FOOD"]]


def test_a_gap_divides_an_expression(write):
    path = write(
        "a.conllulex",
        row(1, "Phone", smwe="1:1", ss="n.COMMUNICATION")
        + row(2, "calls", smwe="1:2")
        + row(3, "to", ss="p.Goal")
        + row(4, "Mum", ss="n.PERSON")
        + row(5, "returned", smwe="1:3")
        + row(6, "thanks", smwe="1:4"),
    )
    (found,) = tags(read_entities(path))
    assert found == [
        "B-n.COMMUNICATION",
        "I-n.COMMUNICATION",
        "O",
        "B-n.PERSON",
        "B-n.COMMUNICATION",
        "I-n.COMMUNICATION",
    ]
    assert spans_of_tags(found) == {
        ("n.COMMUNICATION", 0, 2),
        ("n.PERSON", 3, 4),
        ("n.COMMUNICATION", 4, 6),
    }


def test_an_empty_node_within_an_expression_is_no_gap(write):
    path = write(
        "a.conllulex",
        row(1, "ice", smwe="1:1", ss="n.FOOD") + row("1.1", "and") + row(2, "cream", smwe="1:2"),
    )
    assert tags(read_entities(path)) == [["B-n.FOOD", "I-n.FOOD"]]


@pytest.mark.parametrize(
    ("second", "expected"),
    [("1:3", "1:2, the next"), ("2:2", "2:1, the next"), ("1", "such as 1:2"), ("x:2", "such as 1:2")],
)
def test_wrong_numbers_are_refused(write, refusal, second, expected):
    path = write("a.conllulex", row(1, "a", smwe="1:1", ss="n.FOOD") + row(2, "b", smwe=second))
    message = refusal(read_entities, path)
    assert "not numbered as it should be" in message
    assert "a.conllulex, line 2, column 'SMWE'" in message
    assert expected in message
    assert f"'{second}'" in message


def test_plain_conllu_is_refused(write, refusal):
    message = refusal(read_entities, write("a.conllu", "\t".join(["1", "x", *["_"] * 8])))
    assert "expected: 19 columns" in message


@pytest.mark.parametrize(
    ("split", "n_words", "n_nouns", "n_expressions", "n_gaps"),
    [("train", 44_804, 6_302, 940, 18), ("dev", 5_394, 883, 155, 2), ("test", 5_381, 857, 129, 2)],
)
def test_streusle_counts(shared_data, split, n_words, n_nouns, n_expressions, n_gaps):
    """The counts are those of a plain look through the columns; each gap adds one span."""
    path = shared_data(f"streusle-4.2/streusle.ud_{split}.conllulex")
    columns = [
        line.split("\t") for line in path.read_text(encoding="utf8").splitlines() if line[:1].isdigit()
    ]
    columns = [column for column in columns if column[0].isdigit()]
    nominal = [column for column in columns if column[13].startswith("n.")]
    assert len(columns) == n_words
    assert sum(column[10] == "_" for column in nominal) == n_nouns
    assert sum(column[10] != "_" for column in nominal) == n_expressions
    found = tags(read_entities(path))
    assert sum(map(len, found)) == n_words
    assert sum(len(spans_of_tags(sentence)) for sentence in found) == n_nouns + n_expressions + n_gaps


def test_streusle_is_a_task(shared_data):
    folder = shared_data("streusle-4.2")
    files = {split: folder / f"streusle.ud_{split}.conllulex" for split in ("train", "dev", "test")}
    task = read_task("conllulex:entities", **files)
    assert len(task.labels) == 50
    assert len({label[2:] for label in task.labels if label != "O"}) == 26
    assert not task.left_out
