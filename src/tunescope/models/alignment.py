"""From words to subwords: tokenised examples, and where each target's subwords are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import chain
from typing import Literal

import numpy as np
from jaxtyping import Int
from transformers import BatchEncoding, PreTrainedTokenizerBase

from tunescope._core.errors import InputError
from tunescope.models.tokenized import TokenizedExamples
from tunescope.models.windows import cut_into_windows
from tunescope.tasks.example import Example, TargetKind
from tunescope.tasks.task import Examples

__all__ = ["LongSentences", "Pooling", "default_pooling", "tokenize"]

_CHUNK = 1024
"""Sentences tokenised at a time: bounds the memory that the tokenizer's own objects take."""

LongSentences = Literal["error", "window"]


class Pooling(StrEnum):
    """Which subwords a target's vector is the mean of.

    For spans of words: ``MEAN``, ``FIRST`` or ``LAST`` of their subwords. For whole texts: ``CLS`` (the first
    position), ``MEAN`` over all positions, or ``LAST`` (the last position, for decoders).
    """

    MEAN = "mean"
    FIRST = "first"
    LAST = "last"
    CLS = "cls"


def default_pooling(target: TargetKind, tokenizer: PreTrainedTokenizerBase) -> Pooling:
    """Return the usual pooling: the mean over a span; for whole texts CLS, or the last token of decoders."""
    if target in (TargetKind.TOKEN, TargetKind.PAIR):
        return Pooling.MEAN
    return Pooling.LAST if tokenizer.cls_token_id is None else Pooling.CLS


def tokenize(
    tokenizer: PreTrainedTokenizerBase,
    examples: Examples,
    target: TargetKind,
    *,
    max_length: int,
    pooling: Pooling | None = None,
    long_sentences: LongSentences = "error",
) -> TokenizedExamples:
    """Tokenise examples and find the subwords of every target, in corpus order.

    Args:
        tokenizer: A fast tokenizer; its ``word_ids`` give the alignment.
        examples: The examples.
        target: What in them carries labels.
        max_length: Longest sequence that the model takes, in subwords.
        pooling: Which subwords make up a vector; by default :func:`default_pooling`.
        long_sentences: ``"error"``, or ``"window"`` to cut sentences beyond ``max_length`` into windows that
            overlap by half; a span is then read from the window in which it has the most context. Whole
            texts cannot be windowed.

    Raises:
        InputError: A target has no subword, or a sentence is too long.
    """
    pooling = pooling or default_pooling(target, tokenizer)
    chunks = [
        _tokenize_chunk(tokenizer, chunk, target, pooling, max_length, long_sentences)
        for chunk in (examples[i : i + _CHUNK] for i in range(0, len(examples), _CHUNK))
    ]
    return _concatenate(chunks)


def _tokenize_chunk(
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[Example],
    target: TargetKind,
    pooling: Pooling,
    max_length: int,
    long_sentences: LongSentences,
) -> TokenizedExamples:
    has_spans = target in (TargetKind.TOKEN, TargetKind.PAIR)
    encoding = _encode(tokenizer, examples, has_spans)
    lengths = np.fromiter(map(len, encoding["input_ids"]), dtype=np.int64, count=len(examples))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    if lengths.max() > max_length and not (has_spans and long_sentences == "window"):
        _refuse_long_sentence(examples, lengths, max_length, has_spans)
    sentence = np.repeat(np.arange(len(examples)), [len(example.targets) for example in examples])
    if has_spans:
        start, end = _find_span_subwords(encoding, examples, sentence, offsets)
        start, end = _narrow(start, end, pooling)
        parts = np.repeat(sentence[:, None], start.shape[1], axis=1)
    else:
        parts = sentence[:, None]
        start, end = _whole_text(lengths[parts], pooling)
    types = encoding.get("token_type_ids")
    tokenized = TokenizedExamples(
        input_ids=_flatten(encoding["input_ids"], offsets[-1]),
        token_type_ids=None if types is None else _flatten(types, offsets[-1]),
        offsets=offsets,
        part_sequence=parts,
        part_start=start,
        part_end=end,
    )
    if lengths.max() > max_length:
        special = _flatten(encoding["special_tokens_mask"], offsets[-1]).astype(bool)
        return cut_into_windows(tokenized, special, max_length)
    return tokenized


def _encode(tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], as_words: bool) -> BatchEncoding:
    options = {
        "add_special_tokens": True,
        "truncation": False,
        "padding": False,
        "return_attention_mask": False,
        "return_special_tokens_mask": True,
        "verbose": False,
    }
    encoding: BatchEncoding
    if as_words:
        encoding = tokenizer([list(e.text) for e in examples], is_split_into_words=True, **options)
        return encoding
    texts = [_as_running_text(e.text) for e in examples]
    paired = examples[0].second_text is not None
    second_texts = [_as_running_text(e.second_text or "") for e in examples] if paired else None
    encoding = tokenizer(texts, second_texts, **options)
    return encoding


def _as_running_text(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else " ".join(text)


def _find_span_subwords(
    encoding: BatchEncoding,
    examples: Sequence[Example],
    sentence: Int[np.ndarray, " target"],
    offsets: Int[np.ndarray, " sequence_and_end"],
) -> tuple[Int[np.ndarray, "target part"], Int[np.ndarray, "target part"]]:
    """Return the first position of every span's subwords and the position after the last.

    Words are numbered through the chunk, so that one binary search over all subwords finds all spans at once.
    """
    n_words = np.array([len(example.text) for example in examples])
    first_word = np.concatenate([[0], np.cumsum(n_words)])
    word_ids = chain.from_iterable(encoding.word_ids(i) for i in range(len(examples)))
    word = np.array([-1 if w is None else w for w in word_ids], dtype=np.int64)
    inside = np.flatnonzero(word >= 0)
    of_sentence = np.repeat(np.arange(len(examples)), np.diff(offsets))[inside]
    global_word = word[inside] + first_word[of_sentence]  # rising, as word_ids are

    spans = [[(s.start, s.end) for s in target.spans] for e in examples for target in e.targets]
    bounds = np.array(spans, dtype=np.int64) + first_word[sentence][:, None, None]
    begin = np.searchsorted(global_word, bounds[..., 0])
    stop = np.searchsorted(global_word, bounds[..., 1])
    empty = np.argwhere(begin == stop)
    if len(empty):
        _refuse_empty_span(examples, sentence, *empty[0])
    base = offsets[sentence][:, None]
    return inside[begin] - base, inside[stop - 1] + 1 - base


def _narrow(
    start: Int[np.ndarray, "target part"], end: Int[np.ndarray, "target part"], pooling: Pooling
) -> tuple[Int[np.ndarray, "target part"], Int[np.ndarray, "target part"]]:
    match pooling:
        case Pooling.MEAN:
            return start, end
        case Pooling.FIRST:
            return start, start + 1
        case Pooling.LAST:
            return end - 1, end
        case _:
            raise InputError(
                "This pooling is for whole texts.",
                where="pooling",
                expected="mean, first or last",
                got=pooling,
            )


def _whole_text(
    length: Int[np.ndarray, "target part"], pooling: Pooling
) -> tuple[Int[np.ndarray, "target part"], Int[np.ndarray, "target part"]]:
    zero = np.zeros_like(length)
    match pooling:
        case Pooling.MEAN:
            return zero, length
        case Pooling.CLS | Pooling.FIRST:
            return zero, zero + 1
        case Pooling.LAST:
            return length - 1, length


def _flatten(rows: Sequence[Sequence[int]], n: int) -> Int[np.ndarray, " position"]:
    return np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(n))


def _concatenate(chunks: Sequence[TokenizedExamples]) -> TokenizedExamples:
    first_position = np.cumsum([0] + [chunk.offsets[-1] for chunk in chunks])
    first_sequence = np.cumsum([0] + [len(chunk.lengths) for chunk in chunks])
    starts = [chunk.offsets[:-1] + shift for chunk, shift in zip(chunks, first_position, strict=False)]
    types = [chunk.token_type_ids for chunk in chunks if chunk.token_type_ids is not None]
    return TokenizedExamples(
        input_ids=np.concatenate([chunk.input_ids for chunk in chunks]),
        token_type_ids=np.concatenate(types) if types else None,
        offsets=np.concatenate([*starts, first_position[-1:]]),
        part_sequence=np.concatenate(
            [chunk.part_sequence + shift for chunk, shift in zip(chunks, first_sequence, strict=False)]
        ),
        part_start=np.concatenate([chunk.part_start for chunk in chunks]),
        part_end=np.concatenate([chunk.part_end for chunk in chunks]),
    )


def _refuse_long_sentence(
    examples: Sequence[Example], lengths: Int[np.ndarray, " sequence"], max_length: int, has_spans: bool
) -> None:
    longest = int(lengths.argmax())
    raise InputError(
        "A sentence is longer than the model takes; it is not cut silently.",
        where=examples[longest].sentence_id,
        expected=f"at most {max_length} subwords, special tokens included",
        got=f"{lengths[longest]} subwords; {np.sum(lengths > max_length)} sentences are too long",
        fix=(
            "shorten or split the sentence"
            + (
                "; extract and compare can read it in overlapping windows (--long-sentences window)"
                if has_spans
                else ""
            )
        ),
    )


def _refuse_empty_span(
    examples: Sequence[Example], sentence: Int[np.ndarray, " target"], target: int, part: int
) -> None:
    index = int(sentence[target])
    example = examples[index]
    span = example.targets[target - int(np.searchsorted(sentence, index))].spans[part]
    raise InputError(
        "A target has no subword: the tokenizer makes nothing of its words.",
        where=f"{example.sentence_id}, words {span.start} to {span.end}",
        expected="words that the tokenizer turns into at least one subword",
        got=repr(example.words_of(span)),
        fix="remove the target, or the invisible characters in it",
    )
