"""Overlapping windows over sentences that are longer than the model takes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from tunescope._core.errors import InputError
from tunescope.models.tokenized import TokenizedExamples

__all__ = ["cut_into_windows"]


def cut_into_windows(
    tokenized: TokenizedExamples, special: Bool[np.ndarray, " position"], max_length: int
) -> TokenizedExamples:
    """Replace each sequence beyond ``max_length`` by windows that overlap by half.

    Every window keeps the special tokens at the sentence's two ends. A part of a target is read from the window
    in which the nearer end of the text is furthest away: there the vectors see the most context.

    Args:
        tokenized: Whole sequences and their targets.
        special: Which positions hold special tokens.
        max_length: Longest window in subwords, special tokens included.

    Raises:
        InputError: A part of a target is longer than half a window.
    """
    pieces: list[Int[np.ndarray, " position"]] = []
    sequence = np.empty_like(tokenized.part_sequence)
    start, end = tokenized.part_start.copy(), tokenized.part_end.copy()
    for index, length in enumerate(tokenized.lengths):
        positions = np.arange(length) + tokenized.offsets[index]
        mine = tokenized.part_sequence == index
        if length <= max_length:
            sequence[mine] = len(pieces)
            pieces.append(positions)
            continue
        content = np.flatnonzero(~special[positions])
        head, tail = positions[: content[0]], positions[content[-1] + 1 :]
        room = max_length - len(head) - len(tail)
        begins = _window_starts(content[0], content[-1] + 1, room)
        which = _best_window(begins, room, start[mine], end[mine])
        sequence[mine] = len(pieces) + which
        shift = begins[which] - len(head)
        start[mine] -= shift
        end[mine] -= shift
        pieces += [np.concatenate([head, positions[b : b + room], tail]) for b in begins]
    order = np.concatenate(pieces)
    types = tokenized.token_type_ids
    return TokenizedExamples(
        input_ids=tokenized.input_ids[order],
        token_type_ids=None if types is None else types[order],
        offsets=np.cumsum([0] + [len(piece) for piece in pieces]),
        part_sequence=sequence,
        part_start=start,
        part_end=end,
    )


def _window_starts(first: int, stop: int, room: int) -> Int[np.ndarray, " window"]:
    """Return where windows of ``room`` subwords start, so that they cover ``[first, stop)`` and overlap by half."""
    last = stop - room
    return np.append(np.arange(first, last, max(room // 2, 1)), last)


def _best_window(
    begins: Int[np.ndarray, " window"],
    room: int,
    start: Int[np.ndarray, " part"],
    end: Int[np.ndarray, " part"],
) -> Int[np.ndarray, " part"]:
    before = start[:, None] - begins
    after = begins + room - end[:, None]
    context = np.minimum(before, after)
    best: Int[np.ndarray, " part"] = context.argmax(axis=1)
    if len(best) and context.max(axis=1).min() < 0:
        longest = int((end - start).max())
        raise InputError(
            "A target is longer than the windows overlap.",
            expected=f"at most {room // 2} subwords",
            got=f"{longest} subwords",
            fix="give a shorter span",
        )
    return best
