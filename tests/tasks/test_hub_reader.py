import pytest

from tunescope.tasks.example import LabelKind, Span, Target
from tunescope.tasks.hub_reader import read_hub_texts, read_hub_tokens


@pytest.fixture(scope="module")
def datasets():
    return pytest.importorskip("datasets")


@pytest.fixture
def texts(datasets):
    def make(labels=(0, 1), names=("neg", "pos"), **columns):
        features = {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=list(names))}
        features |= {name: datasets.Value("string") for name in columns}
        rows = {"text": [" a ", "b"], "label": list(labels), **columns}
        return datasets.Dataset.from_dict(rows, features=datasets.Features(features), split="train")

    return make


@pytest.fixture
def tokens(datasets):
    def make(pos_tags=((0, -100), (1,)), words=(("a", "b"), ("c",))):
        tags = datasets.Sequence(datasets.ClassLabel(names=["N", "V"]))
        features = datasets.Features(
            {"tokens": datasets.Sequence(datasets.Value("string")), "pos_tags": tags}
        )
        rows = {"tokens": [list(row) for row in words], "pos_tags": [list(row) for row in pos_tags]}
        return datasets.Dataset.from_dict(rows, features=features)

    return make


def test_texts_with_names_of_classes(texts):
    first, second = read_hub_texts(texts())
    assert (first.sentence_id, first.text, first.targets) == ("train:0", "a", (Target("neg"),))
    assert second.targets == (Target("pos"),)


def test_pairs(texts):
    first, _ = read_hub_texts(texts(other=["c", "d"]), second_text="other")
    assert (first.text, first.second_text) == ("a", "c")


@pytest.mark.parametrize(("labels", "expected"), [([3, 4], "3"), ([True, False], "true"), ([" x", "y"], "x")])
def test_classes_without_names(datasets, labels, expected):
    first, _ = read_hub_texts(datasets.Dataset.from_dict({"text": ["a", "b"], "label": labels}))
    assert (first.sentence_id, first.targets) == ("dataset:0", (Target(expected),))


def test_numbers(datasets):
    dataset = datasets.Dataset.from_dict({"text": ["a"], "label": [2.5]})
    assert read_hub_texts(dataset, label_kind=LabelKind.NUMBER)[0].targets == (Target(2.5),)


def test_tokens(tokens):
    first, second = read_hub_tokens(tokens())
    assert (first.text, first.targets) == (("a", "b"), (Target("N", (Span(0, 1),)),))
    assert second.targets == (Target("V", (Span(0, 1),)),)


def test_rows_without_words_are_passed_over(tokens):
    (example,) = read_hub_tokens(tokens(pos_tags=((), (1,)), words=((), ("c",))))
    assert example.sentence_id == "dataset:1"


def test_several_splits(datasets, texts, refusal):
    message = refusal(read_hub_texts, datasets.DatasetDict({"train": texts(), "test": texts()}))
    assert "several splits" in message
    assert "'train', 'test'" in message


def test_missing_column(texts, tokens, refusal):
    message = refusal(read_hub_texts, texts(), text="sentence")
    assert "A column is missing" in message
    assert "train, column 'sentence'" in message
    assert "got: 'text', 'label'" in message
    assert "column 'ner_tags'" in refusal(read_hub_tokens, tokens(), labels="ner_tags")


def test_unlabelled_row(texts, refusal):
    message = refusal(read_hub_texts, texts(labels=(0, -1)))
    assert "A row has no class" in message
    assert "train, row 1, column 'label'" in message


@pytest.mark.parametrize("labels", [[1, -1], [1.0, 2.0], ["x", " "]])
def test_no_class_without_names(datasets, refusal, labels):
    dataset = datasets.Dataset.from_dict({"text": ["a", "b"], "label": labels})
    assert "A row has no class" in refusal(read_hub_texts, dataset)


def test_number_missing(datasets, refusal):
    dataset = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1.0, None]})
    message = refusal(read_hub_texts, dataset, label_kind=LabelKind.NUMBER)
    assert "A label is no finite number" in message
    assert "dataset, row 1, column 'label'" in message


def test_empty_text(texts, refusal):
    message = refusal(read_hub_texts, texts(other=["c", " "]), second_text="other")
    assert "A text is empty" in message
    assert "train, row 1, column 'other'" in message


def test_text_missing(texts, refusal):
    message = refusal(read_hub_texts, texts(other=["c", None]), second_text="other")
    assert "A text is no text" in message


def test_words_and_labels_differ_in_number(tokens, refusal):
    message = refusal(read_hub_tokens, tokens(pos_tags=((0,), (1,))))
    assert "differ in number" in message
    assert "dataset, row 0, column 'pos_tags'" in message


def test_column_that_is_no_list(texts, refusal):
    message = refusal(read_hub_tokens, texts(), words="text", labels="label")
    assert "A row has no list" in message
    assert "train, row 0, column 'text'" in message
