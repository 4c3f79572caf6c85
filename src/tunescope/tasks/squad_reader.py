"""Questions with answers in a text, in the JSON of SQuAD."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tunescope._core.errors import InputError
from tunescope.tasks.answers import Answers
from tunescope.tasks.example import Example, Target
from tunescope.tasks.text_file import FilePath, place, read_text

__all__ = ["read_squad", "squad_examples"]

_SHAPE = (
    '{"data": [{"paragraphs": [{"context": "…", "qas": [{"id": "…", "question": "…", "answers": […]}]}]}]}'
)


def read_squad(path: FilePath, *, encoding: str = "utf-8") -> tuple[Example, ...]:
    """Read questions and the stretches of a text that answer them (SQuAD 1.1, and what is made like it).

    Questions without an answer, which version 2.0 has (``is_impossible``), are refused: whoever predicts a stretch of
    the text can never say that there is none.

    Many questions share a context, in SQuAD about five. Intervals that resample examples by their ``sentence_id`` take
    such questions for independent, and are somewhat too narrow.

    Args:
        path: The file. A slice such as ``dev.json[:800]``, where a task is read from it, counts questions.
        encoding: Any text encoding that Python knows.

    Returns:
        An example for every question, named by its ``id``: ``text`` is the question, ``second_text`` the context as it
        stands in the file, and the one target's label is :class:`~tunescope.tasks.answers.Answers`, whose places count
        the characters of the context from 0. Answers that the file gives several times stay so.

    Raises:
        InputError: The file cannot be read or is not of that shape; a question is empty or has no answer; an answer
            does not stand in its context where the file says; two questions have one id.

    References:
        Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text".
    """
    return squad_examples(_load(path, encoding), place(path))


def squad_examples(content: dict[str, Any], where: str) -> tuple[Example, ...]:
    """Return the questions of an object as SQuAD's JSON holds it; see :func:`read_squad`.

    Args:
        content: The object.
        where: Where it is from, for errors.
    """
    examples: dict[str, Example] = {}
    for where_here, context, record in _questions(content, where):
        example = _example(context, record, where_here)
        if example.sentence_id in examples:
            raise InputError(
                "Two questions have one id.",
                where=where_here,
                expected="unique ids",
                got=repr(example.sentence_id),
            )
        examples[example.sentence_id] = example
    return tuple(examples.values())


def _questions(content: dict[str, Any], source: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield where each question stands, its context and its record."""
    for i, article in enumerate(_list(content, "data", source)):
        for j, paragraph in enumerate(_list(article, "paragraphs", f"{source}, data[{i}]")):
            where = f"{source}, data[{i}].paragraphs[{j}]"
            context = _text(paragraph, "context", where)
            for k, record in enumerate(_list(paragraph, "qas", where)):
                yield f"{where}.qas[{k}]", context, record


def _load(path: FilePath, encoding: str) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path, encoding=encoding))
    except json.JSONDecodeError as error:
        raise InputError(
            "The file is not JSON.",
            where=f"{place(path, error.lineno)}, character {error.colno}",
            expected=_SHAPE,
            got=error.msg,
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, very deep nesting
        raise InputError("The file cannot be read as JSON.", where=place(path), got=error) from error
    if not isinstance(content, dict):
        raise InputError(
            "The file is not of SQuAD's shape.",
            where=place(path),
            expected=_SHAPE,
            got=type(content).__name__,
        )
    return content


def _example(context: str, record: dict[str, Any], where: str) -> Example:
    name = _text(record, "id", where)
    question = _text(record, "question", f"{where}, id {name!r}").strip()
    answers = _list(record, "answers", f"{where}, id {name!r}")
    if not answers:
        raise InputError(
            "A question has no answer.",
            where=f"{where}, id {name!r}",
            expected="at least one answer that stands in the context",
            got="is_impossible" if record.get("is_impossible") else "an empty list",
            fix="take out questions without an answer: only stretches of the context are predicted",
        )
    found = [_answer(context, answer, f"{where}, id {name!r}") for answer in answers]
    label = Answers(tuple(text for text, _ in found), tuple(start for _, start in found))
    return Example(name, question, (Target(label),), second_text=context)


def _answer(context: str, answer: dict[str, Any], where: str) -> tuple[str, int]:
    text, start = _text(answer, "text", f"{where}, answers"), answer.get("answer_start")
    if not isinstance(start, int) or isinstance(start, bool) or start < 0:
        raise InputError(
            "The place of an answer is no number of characters.",
            where=f"{where}, answer_start",
            expected="a whole number from 0",
            got=repr(start),
        )
    found = context[start : start + len(text)]
    if found != text:
        raise InputError(
            "An answer is not in its context where it should be.",
            where=where,
            expected=f"{text[:60]!r} from character {start} of the context",
            got=repr(found[:60]) if found else f"a context of {len(context)} characters",
            fix="correct answer_start, which counts characters from 0" if text in context else None,
        )
    return text, start


def _list(record: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    values = record.get(name)
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise InputError(
            f"The list {name!r} is missing or holds other things than objects.",
            where=where,
            expected=_SHAPE,
            got=f"{type(values).__name__}: {repr(values)[:60]}"
            if name in record
            else ", ".join(record) or "{}",
        )
    return values


def _text(record: dict[str, Any], name: str, where: str) -> str:
    text = record.get(name)
    if not isinstance(text, str) or not text.strip():
        raise InputError(
            f"The text {name!r} is missing or empty.",
            where=where,
            expected=_SHAPE if name not in record else "a text",
            got=repr(text)[:60] if name in record else ", ".join(record) or "{}",
        )
    if not _is_unicode(text):
        raise InputError(
            f"The text {name!r} holds half of a surrogate pair.",
            where=where,
            expected="both halves, or the character itself",
            got=ascii(text)[:60],
        )
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
