"""Lines and planes put together from parts: figures of made-up losses whose answers are known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tunescope.measures.estimate import Estimate
from tunescope.studies.steps.rows import Row, read_rows
from tunescope.studies.steps.surfaces import gather_line, gather_plane

OPTIONS: dict[str, Any] = {"seed": 0, "n_resamples": 40, "level": 0.9}
N_TRAIN, N_UNSEEN = 60, 40
AXIS = np.round(np.linspace(-1, 2, 61), 6)
LINE: dict[str, Any] = {"axis": AXIS.tolist(), "at": 1.0, "rise": 0.5, "ends": [0.0, 1.0]}


def _part(folder: Path, train: np.ndarray, unseen: np.ndarray, wrong: np.ndarray | None = None) -> Path:
    """Write mean surfaces as a step that measured them does: each example has its share of the mean."""
    shares = {"train": N_TRAIN, "unseen": N_UNSEEN}
    arrays = {}
    for name, surface in (("train", train), ("unseen", unseen)):
        factors = np.linspace(0.5, 1.5, shares[name])
        arrays[f"{name} losses"] = surface[..., None] * factors
        errors = surface if wrong is None else wrong
        limits = (np.arange(shares[name]) + 0.5) / shares[name]
        arrays[f"{name} wrong"] = (errors[..., None] > limits).astype(float)
        arrays[f"{name} sentence_ids"] = np.arange(shares[name])
    folder.mkdir()
    np.savez(folder / "surface.npz", **arrays)
    return folder


def _line(tmp_path: Path, parts: list[Path], **changes: Any) -> dict[tuple[str, str | None, str | None], Row]:
    folder = tmp_path / "line"
    folder.mkdir()
    gather_line(folder, parts=parts, **{**LINE, **OPTIONS, **changes})
    found = read_rows(folder).rows
    rows = {(row.measure, row.split, row.label): row for row in found}
    assert len(rows) == len(found)
    return rows


def _value(rows: dict[tuple[str, str | None, str | None], Row], *key: str | None) -> Estimate:
    measure, split, label = (*key, None, None)[:3]
    assert measure is not None
    return rows[measure, split, label].estimate


def test_a_line_has_the_width_at_its_end_and_the_barrier_between_start_and_end(tmp_path: Path) -> None:
    """J = 2 (α − 1)² + 0.3 is wide by 2 √(0.5 / 2) around 1; on unseen examples a bump of 0.8 lies half-way."""
    train = 2 * (AXIS - 1) ** 2 + 0.3
    unseen = 0.3 + 0.8 * np.exp(-(((AXIS - 0.5) / 0.15) ** 2))
    half = len(AXIS) // 2
    parts = [
        _part(tmp_path / "one", train[:half], unseen[:half]),
        _part(tmp_path / "two", train[half:], unseen[half:]),
    ]
    rows = _line(tmp_path, parts)
    width = _value(rows, "width", "train")
    assert width.value == pytest.approx(1.0, abs=0.01)
    assert width.low < width.value < width.high
    towards_start = _value(rows, "width_towards_start", "train")
    assert towards_start.value == pytest.approx(0.5, abs=0.01)
    assert _value(rows, "barrier", "train").value == 0
    bump = _value(rows, "barrier", "unseen")
    assert bump.value == pytest.approx(0.8, abs=1e-3)
    assert bump.low < bump.value < bump.high
    for number, alpha in enumerate(AXIS.tolist()):
        point = _value(rows, "loss", "train", f"{alpha:.6g}")
        assert point.value == pytest.approx(train[number], rel=1e-9)
        assert point.n_examples == N_TRAIN
        assert _value(rows, "loss", "unseen", f"{alpha:.6g}").value == pytest.approx(unseen[number], rel=1e-9)


def test_a_line_without_ends_has_no_barrier(tmp_path: Path) -> None:
    rows = _line(tmp_path, [_part(tmp_path / "one", AXIS**2, AXIS**2)], ends=None, at=0.0)
    assert not {"barrier", "width_towards_start"} & {measure for measure, *_ in rows}
    assert _value(rows, "width", "unseen").value == pytest.approx(2 * math.sqrt(0.5), abs=0.01)


def test_agreement_is_that_of_the_training_loss_with_unseen_losses_and_with_unseen_errors(
    tmp_path: Path,
) -> None:
    """Unseen losses fall as training losses rise, while unseen errors rise with them."""
    train = 1 + AXIS**2
    rows = _line(tmp_path, [_part(tmp_path / "one", train, 6 - train, wrong=train / 6)])
    assert _value(rows, "agreement_of_losses").value == pytest.approx(-1, abs=1e-6)
    assert _value(rows, "agreement_with_error").value == pytest.approx(1, abs=0.02)
    assert _value(rows, "agreement_of_losses_by_rank").value == pytest.approx(-1, abs=1e-6)
    assert _value(rows, "agreement_with_error_by_rank").value == pytest.approx(1, abs=0.05)
    low = (train / 6)[len(AXIS) // 3]
    error = _value(rows, "error", "unseen", f"{AXIS[len(AXIS) // 3]:.6g}")
    assert error.value == pytest.approx(low, abs=1 / N_UNSEEN)
    assert 0 <= error.low < error.value < error.high <= 1


def test_losses_that_are_not_finite_stay_and_bound_what_they_cut_off(tmp_path: Path) -> None:
    train = 0.1 * (AXIS - 1) ** 2
    train[AXIS > 1.5] = math.nan
    train[AXIS == 0.5] = math.inf
    rows = _line(tmp_path, [_part(tmp_path / "one", train, AXIS**2)])
    assert math.isnan(_value(rows, "loss", "train", "1.6").value)
    assert _value(rows, "loss", "train", "0.5").value == math.inf
    assert "not finite" in _value(rows, "loss", "train", "1.6").status
    width = _value(rows, "width", "train")
    assert width.value == pytest.approx(0.45 + 0.5, abs=1e-9)
    assert width.status.startswith("at least")
    assert width.low <= width.value
    assert math.isnan(width.high)
    assert _value(rows, "barrier", "train").status.startswith("at least")


def test_a_plane_has_the_area_of_its_basin_around_its_own_optimum(tmp_path: Path) -> None:
    """J = (α − 1)² + β² / 4 stays below 0.5 within an ellipse of area π · √0.5 · 2 √0.5."""
    alphas, betas = np.round(np.linspace(-1, 3, 41), 6), np.round(np.linspace(-2, 2, 41), 6)
    train = (alphas[:, None] - 1) ** 2 + betas**2 / 4
    unseen = train + 0.2 * (betas**2 > 1)
    parts = [
        _part(tmp_path / "one", train[:20], unseen[:20]),
        _part(tmp_path / "two", train[20:], unseen[20:]),
    ]
    folder = tmp_path / "plane"
    folder.mkdir()
    axes = [alphas.tolist(), betas.tolist()]
    gather_plane(folder, parts=parts, axes=axes, at=[1.0, 0.0], rise=0.5, **OPTIONS)
    rows = {(row.measure, row.split, row.label): row for row in read_rows(folder).rows}
    area = _value(rows, "area", "train")
    assert area.value == pytest.approx(math.pi, rel=0.02)
    assert area.low < area.value < area.high
    for place in ((0, 0), (7, 31), (40, 3)):
        label = f"{alphas[place[0]]:.6g} {betas[place[1]]:.6g}"
        assert _value(rows, "loss", "train", label).value == pytest.approx(train[place], rel=1e-9)
        assert _value(rows, "loss", "unseen", label).value == pytest.approx(unseen[place], rel=1e-9)
    assert _value(rows, "agreement_of_losses").value > 0.99
