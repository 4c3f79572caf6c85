import json

import pytest

from tunescope.tasks.answers import Answers
from tunescope.tasks.example import Target
from tunescope.tasks.squad_reader import read_squad

CONTEXT = " Rosé gave “the book” to Mark in Paris 😀 on Monday."


def answer(text, *, context=CONTEXT, start=None):
    return {"text": text, "answer_start": context.index(text) if start is None else start}


def question(name, *answers, text="Who gave the book?", **more):
    return {"id": name, "question": text, "answers": list(answers), **more}


def squad(*questions, context=CONTEXT):
    return {
        "version": "1.1",
        "data": [{"title": "t", "paragraphs": [{"context": context, "qas": list(questions)}]}],
    }


def dump(content, **options):
    return json.dumps(content, **options)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_questions_with_their_answers(write, ascii_only):
    content = squad(
        question("q1", answer("Rosé"), answer("Rosé gave"), answer("Rosé")),
        question("q2", answer("on Monday"), text=" When?  ", is_impossible=False),
    )
    content["data"].append({"paragraphs": [{"context": "No.", "qas": []}]})
    content["data"].append(
        {"paragraphs": [{"context": "Nile", "qas": [question("q3", answer("Nile", context="Nile"))]}]}
    )
    first, second, third = read_squad(write("dev.json", dump(content, ensure_ascii=ascii_only)))
    assert (first.sentence_id, first.text, first.second_text) == ("q1", "Who gave the book?", CONTEXT)
    assert first.targets == (Target(Answers(("Rosé", "Rosé gave", "Rosé"), (1, 1, 1))),)
    assert (second.text, second.targets) == ("When?", (Target(Answers(("on Monday",), (41,))),))
    assert (third.sentence_id, third.second_text) == ("q3", "Nile")
    for example in (first, second, third):
        for text, start in zip(example.targets[0].label.texts, example.targets[0].label.starts, strict=True):
            assert example.second_text[start:].startswith(text)


def test_another_encoding(write):
    path = write(
        "dev.json",
        dump(squad(question("q", answer("é", context="é")), context="é"), ensure_ascii=False).encode(
            "latin-1"
        ),
    )
    assert read_squad(path, encoding="latin-1")[0].second_text == "é"


def test_no_article_gives_no_example(write):
    assert read_squad(write("dev.json", '{"data": []}')) == ()


ROSE = answer("Rosé")


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        (squad(question("q1", answer("Rosé", start=2))), "not in its context where it should be", "id 'q1'"),
        (squad(question("q1", answer("Rome", start=2))), "not in its context where it should be", "id 'q1'"),
        (squad(question("q1", answer("Rosé", start=99))), "got: a context of 51 characters", "id 'q1'"),
        (squad(question("q1", answer("Rosé", start=-51))), "no number of characters", "answer_start"),
        (squad(question("q1", answer("Rosé", start="1"))), "no number of characters", "answer_start"),
        (squad(question("q1", answer("R", start=True))), "no number of characters", "answer_start"),
        (squad(question("q1", answer("", start=0))), "The text 'text' is missing or empty", "id 'q1', answers"),
        (squad(question("q1", {"answer_start": 1})), "The text 'text' is missing or empty", "got: answer_start"),
        (squad(question("q1")), "A question has no answer", "id 'q1'"),
        (squad(question("q1", is_impossible=True)), "got: is_impossible", "id 'q1'"),
        (squad(question("q1", ROSE), question("q1", ROSE)), "Two questions have one id", "qas[1]"),
        (squad(question("q1", ROSE, text=" ")), "The text 'question' is missing or empty", "id 'q1'"),
        (squad(question("", ROSE)), "The text 'id' is missing or empty", "data[0].paragraphs[0].qas[0]"),
        (squad(question(7, ROSE)), "The text 'id' is missing or empty", "got: 7"),
        (squad(question("q1", ROSE), context=""), "The text 'context' is missing", "data[0].paragraphs[0]"),
        (squad(question("q1", "Rosé")), "The list 'answers' is missing", "id 'q1'"),
        (squad({"id": "q1", "question": "Who?"}), "The list 'answers' is missing", "got: id, question"),
        ({"data": [{"paragraphs": [{"context": "c"}]}]}, "The list 'qas' is missing", "data[0].paragraphs[0]"),
        ({"data": [{"title": "t"}]}, "The list 'paragraphs' is missing", "data[0]"),
        ({"data": {}}, "The list 'data' is missing", "got: dict: {}"),
        ({}, "The list 'data' is missing", "got: {}"),
        ([], "not of SQuAD's shape", "got: list"),
    ],
)  # fmt: skip
def test_refusals(write, refusal, content, what, where):
    message = refusal(read_squad, write("dev.json", dump(content)))
    assert what in message
    assert where in message
    assert "dev.json" in message


def test_an_answer_elsewhere_in_the_context_can_be_put_right(write, refusal):
    message = refusal(read_squad, write("dev.json", dump(squad(question("q1", answer("Mark", start=0))))))
    assert "expected: 'Mark' from character 0 of the context" in message
    assert "got: ' Ros'" in message
    assert "correct answer_start" in message


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('{"data": [}', "The file is not JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"data": ' + "1" * 5000 + "}", "cannot be read as JSON"),
        ('{"data": [{"paragraphs": [{"context": "\\ud83d", "qas": []}]}]}', "half of a surrogate pair"),
        ("", "The file is empty"),
    ],
    ids=["syntax", "deep", "long number", "surrogate", "empty"],
)
def test_what_is_no_json(write, refusal, content, what):
    message = refusal(read_squad, write("dev.json", content))
    assert what in message
    assert "dev.json" in message
