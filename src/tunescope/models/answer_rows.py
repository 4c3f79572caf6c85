"""Tokenised questions with their texts: a row for every subword of the text that holds the answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int
from transformers import PreTrainedTokenizerBase

from tunescope._core.errors import InputError
from tunescope.models.tokenized import TokenizedExamples
from tunescope.tasks.answers import Answers
from tunescope.tasks.example import Example

__all__ = ["answer_bounds", "tokenize_answers"]

Characters = Int[np.ndarray, "row bound"]


def tokenize_answers(
    tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], *, max_length: int
) -> tuple[TokenizedExamples, Characters]:
    """Tokenise questions with their texts.

    Args:
        tokenizer: A fast tokenizer; it tells which characters a subword stands for.
        examples: Questions (first text) with the texts that hold the answers (second text).
        max_length: Longest sequence that the model takes, in subwords.

    Returns:
        The sequences, with a target of one subword for each subword of the second text; and for each of these where
        its characters start in that text, and where they end.

    Raises:
        InputError: A question with its text is too long; they are not cut silently.
    """
    encoding = tokenizer(
        [str(example.text) for example in examples],
        [str(example.second_text) for example in examples],
        truncation=False,
        padding=False,
        return_attention_mask=False,
        return_offsets_mapping=True,
        verbose=False,
    )
    lengths = np.array([len(ids) for ids in encoding["input_ids"]])
    if lengths.max() > max_length:
        longest = int(lengths.argmax())
        raise InputError(
            "A question with its text is longer than the model takes; it is not cut silently.",
            where=examples[longest].sentence_id,
            expected=f"at most {max_length} subwords, special tokens included",
            got=f"{lengths[longest]} subwords; {np.sum(lengths > max_length)} questions are too long",
            fix="shorten the texts, for instance to the paragraph that holds the answer",
        )
    places = [
        [place for place, part in enumerate(encoding.sequence_ids(i)) if part == 1]
        for i in range(len(examples))
    ]
    start = np.concatenate([np.array(each, dtype=np.int64) for each in places])[:, None]
    types = encoding.get("token_type_ids")
    characters = [np.array(encoding["offset_mapping"][i])[each] for i, each in enumerate(places)]
    tokenized = TokenizedExamples(
        input_ids=np.concatenate(encoding["input_ids"]).astype(np.int32),
        token_type_ids=None if types is None else np.concatenate(types).astype(np.int32),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        part_sequence=np.repeat(np.arange(len(examples)), [len(each) for each in places])[:, None],
        part_start=start,
        part_end=start + 1,
    )
    return tokenized, np.concatenate(characters)


def answer_bounds(answers: Answers, characters: Characters) -> Bool[np.ndarray, "row bound"]:
    """Return for each subword of a text whether an answer starts and whether one ends in it.

    Args:
        answers: The answers to the question.
        characters: Where the characters of each subword start and end.

    Raises:
        InputError: No subword holds a part of an answer.
    """
    flags = np.zeros((len(characters), 2), dtype=bool)
    for text, start in zip(answers.texts, answers.starts, strict=True):
        inside = np.flatnonzero((characters[:, 1] > start) & (characters[:, 0] < start + len(text)))
        if not len(inside):
            raise InputError("The tokenizer makes nothing of an answer.", where="answers", got=repr(text))
        flags[inside[0], 0] = flags[inside[-1], 1] = True
    return flags
