"""What counts as zero, as a share of the scale: the largest norm of a point about the mean."""

from __future__ import annotations

__all__ = ["CONTACT", "INPUT_ROUNDING", "ROUNDING", "SMALLEST_MARGIN"]

INPUT_ROUNDING = 2.0**-24
"""Half a unit in the last place of float32; the input does not tell what is smaller."""

CONTACT = 1e-9
"""Convex combinations this close count as a common point."""

SMALLEST_MARGIN = 1e-12
"""A strip narrower than this is within the rounding of the sums, and proves nothing."""

ROUNDING = 1e-13
"""A corner that lies lower than the active ones by less lies no lower."""
