"""Questions can be answered from their texts, read as SQuAD, and do not depend on anything but the seed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from tunescope._core.errors import InputError, RunError
from tunescope._core.seeds import make_rng
from tunescope.tasks.answers import normalise_answer
from tunescope.tasks.squad_reader import read_squad
from tunescope.tasks.treebank import answers as module
from tunescope.tasks.treebank.answers import answer_questions, write_answer_questions
from tunescope.tasks.treebank.draw import Draw, vocabulary
from tunescope.tasks.treebank.facts import draw_facts

_END = re.compile(r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)\. ")
_OPENERS = ("Who", "What", "Which", "Where", "When", "Why", "How")


def paragraphs(squad):
    (article,) = squad["data"]
    return article["paragraphs"]


def rows(squad):
    """Context, question, answer and its start."""
    return [
        (paragraph["context"], record["question"], answer["text"], answer["answer_start"])
        for paragraph in paragraphs(squad)
        for record in paragraph["qas"]
        for answer in record["answers"]
    ]


@pytest.fixture(scope="module")
def train():
    return answer_questions(1500, seed=0)


@pytest.fixture(scope="module")
def held_out():
    return answer_questions(500, seed=0, split="test")


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_what_is_written_is_read(tmp_path, split):
    path = tmp_path / "new" / "questions.json"
    write_answer_questions(path, 300, 5, split=split)
    squad = answer_questions(300, seed=5, split=split)
    assert json.loads(path.read_text(encoding="utf8")) == squad
    examples = read_squad(path)  # which checks that every answer stands at its place
    assert len(examples) == 300
    assert [
        (e.second_text, e.text, *e.targets[0].label.texts, *e.targets[0].label.starts) for e in examples
    ] == rows(squad)
    assert [e.sentence_id for e in examples][:1] == [f"{split}-1-1"]
    write_answer_questions(path, 1, 5)
    assert len(read_squad(path)) == 1


def test_texts_and_questions_look_like_running_text(train, held_out):
    for context, question, answer, start in rows(train) + rows(held_out):
        assert 3 <= len(_END.split(context)) <= 6, context
        assert context.endswith(".")
        assert question.endswith("?")
        assert question.startswith(_OPENERS)
        for text in (context, question):
            assert text[0] not in "abcdefghijklmnopqrstuvwxyz"
            assert not re.search(r"  | [,.?;%]|\$ |\ba [aeio]", text), text
        assert answer == answer.strip(" ,.?")
        assert context[start : start + len(answer)] == answer
        assert not (context[:start] + " ")[-1 if start else 0].isalnum()
        assert not context[start + len(answer)].isalnum()


def test_answers_keep_the_prepositions_of_place_and_time_only(train):
    firsts = Counter(
        (question.split()[0], answer.split()[0].lower()) for _, question, answer, _ in rows(train)
    )
    for (opener, first), n in firsts.items():
        if first in ("with", "to", "about", "of", "for"):
            assert opener in ("Where", "How"), (opener, first, n)
    assert all(answer.startswith("because of ") for _, q, answer, _ in rows(train) if q.startswith("Why"))


def test_no_question_holds_its_answer(train, held_out):
    for _, question, answer, _ in rows(train) + rows(held_out):
        words = f" {normalise_answer(question)} "
        is_number = question.startswith("How many")  # another number of the same size is no hint
        assert is_number or f" {normalise_answer(answer)} " not in words, (question, answer)


def test_all_that_a_question_says_is_true_of_one_fact_only():
    """Whoever else does the same, something that the question says must be said otherwise of it."""
    g = Draw(make_rng(1, "test"), vocabulary(1, 0.5), 0.0)
    n_asked = n_rivals = 0
    for _ in range(300):
        facts = draw_facts(g)
        for i, fact in enumerate(facts):
            for asked in ("subject", *fact.parts):
                question = module._question(g, facts, i, asked) if asked != "particle" else None
                if question is None:
                    continue
                n_asked += 1
                known = {"subject": fact.subject.node, **fact.parts}
                said = {slot for slot, node in known.items() if slot != asked and node.form in question}
                assert said, question
                for other in facts[:i] + facts[i + 1 :]:
                    if other.verb == fact.verb:
                        n_rivals += 1
                        theirs = {"subject": other.subject.node, **other.parts}
                        assert any(slot in theirs and theirs[slot] != known[slot] for slot in said), question
    assert n_asked > 3000
    assert n_rivals > 1000


def test_all_kinds_of_questions_are_asked_and_the_vocabulary_is_large(train):
    asked = Counter(" ".join(question.split()[:2]) for _, question, _, _ in rows(train))
    openers = Counter(question.split()[0] for _, question, _, _ in rows(train))
    assert set(openers) == set(_OPENERS)
    assert max(openers.values()) < 0.6 * 1500
    assert {"How many", "How much", "How long", "How did", "Who did", "What did"} <= set(asked)
    words = {word.lower() for context, *_ in rows(train) for word in re.findall(r"\w+", context)}
    assert len(words) > 1200
    answers = Counter(normalise_answer(answer) for *_, answer, _ in rows(train))
    assert len(answers) > 900
    assert answers.most_common(1)[0][1] < 15
    assert 30 < sum(len(p["context"].split()) for p in paragraphs(train)) / len(paragraphs(train)) < 60


def test_answers_stand_anywhere_in_the_text(train):
    sentences = Counter(len(_END.split(context[:start])) for context, _, _, start in rows(train))
    assert min(sentences[number] for number in (1, 2, 3)) > 150
    assert sum(start == 0 for *_, start in rows(train)) < 0.15 * 1500


def test_same_seed_gives_the_same_and_smaller_numbers_the_first():
    squad = answer_questions(60, seed=3)
    assert squad == answer_questions(60, seed=3)
    assert rows(answer_questions(25, seed=3)) == rows(squad)[:25]
    names = [record["id"] for paragraph in paragraphs(squad) for record in paragraph["qas"]]
    assert len(set(names)) == 60


def test_the_order_of_sets_in_memory_changes_nothing():
    code = "from tunescope.tasks.treebank.answers import answer_questions as a; print(a(200, seed=2))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": number},
            capture_output=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    }
    assert len(printed) == 1


def test_splits_and_seeds_share_no_text(train, held_out):
    sets = [train, held_out, answer_questions(500, seed=0, split="dev"), answer_questions(500, seed=1)]
    contexts = [{paragraph["context"] for paragraph in paragraphs(squad)} for squad in sets]
    assert len(set.union(*contexts)) == sum(map(len, contexts)) == sum(len(paragraphs(s)) for s in sets)


def test_the_test_set_has_words_that_training_lacks(train, held_out):
    def words(squad):
        return [word.lower() for p in paragraphs(squad) for word in re.findall(r"\w+", p["context"])]

    known = set(words(train))
    assert sum(word not in known for word in words(held_out)) > 0.1 * len(words(held_out))


def test_refuses_what_it_cannot_do(tmp_path):
    with pytest.raises(InputError, match="no question"):
        answer_questions(0, seed=0)
    with pytest.raises(InputError, match="no such split"):
        answer_questions(1, seed=0, split="validation")  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="a part of the path is a file"):
        write_answer_questions(tmp_path / "file" / "folder" / "a.json", 1, 0)
