"""Labels as tables hold them: text or numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tunescope._core.errors import InputError
from tunescope.tasks.answers import Answers
from tunescope.tasks.example import Label

__all__ = ["answers_of_text", "label_text"]


def label_text(label: Label) -> str | float:
    """Return a label as a table holds it: answers as the JSON list of their texts, others as they are.

    >>> label_text(Answers(("Paris", "in Paris"), (10, 7))), label_text("NOUN"), label_text(2.5)
    ('["Paris", "in Paris"]', 'NOUN', 2.5)
    """
    if isinstance(label, Answers):
        return json.dumps(label.texts, ensure_ascii=False)
    return label if isinstance(label, float) else str(label)


def answers_of_text(text: str) -> Sequence[str]:
    """Return the texts of answers from what :func:`label_text` made of them.

    Raises:
        InputError: The text is no JSON list of texts.

    >>> answers_of_text('["Paris", "in Paris"]')
    ['Paris', 'in Paris']
    """
    try:
        texts = json.loads(text)
    except ValueError:
        texts = None
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise InputError("Right answers are no list.", expected='JSON such as ["Paris"]', got=repr(text))
    return texts
