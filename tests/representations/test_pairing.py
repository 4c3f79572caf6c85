"""Targets shared by two stores: found in any order, refused where there are none or labels differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tunescope._core.errors import InputError
from tunescope.representations.pairing import shared_targets
from tunescope.representations.store import Representations, StoreInfo, VectorWriter

SENTENCES = {"s1": "the cat saw the dog", "s2": "it ran", "s3": "the end"}


def _store(folder: Path, sentences: Sequence[str], labels: dict[str, str] | None = None) -> Representations:
    """Write a store of one layer whose vectors say which target they are of: sentence and place."""
    rows = [
        (name, word, (int(name[1:]), place))
        for name in sentences
        for place, word in enumerate(SENTENCES[name].split())
    ]
    info = StoreInfo(
        model="tiny",
        state_sha256="",
        task="words",
        split="test",
        examples_sha256="",
        pooling="mean",
        storage="float32",
        layers=(0,),
        n_examples=len(rows),
        hidden_size=2,
    )
    folder.mkdir(exist_ok=True)
    with VectorWriter(folder, info) as writer:
        writer.write(0, np.arange(len(rows)), 0, np.array([row[2] for row in rows], dtype=np.float32))
        return writer.finish(
            [row[0] for row in rows],
            [row[1] for row in rows],
            [(labels or {}).get(row[1], "word") for row in rows],
        )


def test_targets_are_found_in_any_order_with_repeated_words_in_their_places(tmp_path: Path) -> None:
    one = _store(tmp_path / "one", ["s1", "s2", "s3"])
    other = _store(tmp_path / "other", ["s3", "s1"])
    rows, other_rows = shared_targets(one, other)
    assert np.array_equal(one.layer(0, rows), other.layer(0, other_rows))
    assert rows.tolist() == [0, 1, 2, 3, 4, 7, 8]


def test_a_store_shares_all_its_targets_with_itself(tmp_path: Path) -> None:
    store = _store(tmp_path, ["s2", "s1"])
    rows, other_rows = shared_targets(store, store)
    assert rows.tolist() == other_rows.tolist() == list(range(7))


def test_no_common_target_is_refused_with_both_folders(tmp_path: Path) -> None:
    one, other = _store(tmp_path / "one", ["s1"]), _store(tmp_path / "other", ["s2"])
    with pytest.raises(InputError, match=r"no target in common[^$]*one and [^$]*other[^$]*'the' in 's1'"):
        shared_targets(one, other)


def test_other_labels_are_refused_unless_they_do_not_matter(tmp_path: Path) -> None:
    one = _store(tmp_path / "one", ["s1", "s2"])
    other = _store(tmp_path / "other", ["s2", "s1"], {"ran": "verb", "saw": "verb"})
    with pytest.raises(
        InputError, match=r"'saw' in 's1'[^$]*the label 'word'[^$]*'verb'; 2 of 7 targets differ"
    ):
        shared_targets(one, other)
    assert len(shared_targets(one, other, same_labels=False)[0]) == 7
