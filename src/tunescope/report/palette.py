"""Colours that mean the same in every figure and that colour-blind readers tell apart.

After Okabe and Ito (2008), with the light tones darkened so that each keeps a contrast of about 3 : 1 on white and on
a dark page. Splits differ in dash and marker too, never in colour alone.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BASELINE", "SUBJECTS", "Look", "label_look", "split_look"]


class Look(NamedTuple):
    """How a series is drawn: colour, plotly's dash and marker, matplotlib's dash and marker."""

    colour: str
    dash: str = "solid"
    symbol: str = "circle"
    print_dash: str = "-"
    print_marker: str = "o"

    def faint(self, opacity: float = 0.16) -> str:
        """Return the colour as CSS with an opacity, for bands."""
        red, green, blue = (int(self.colour[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red},{green},{blue},{opacity})"

    def control(self) -> Look:
        """Return the look of the same series on the random split: dotted, with an open marker."""
        return self._replace(dash="dot", print_dash=":", symbol=f"{self.symbol}-open")


SUBJECTS = {
    "base": Look("#64748b", symbol="square", print_marker="s"),
    "tuned": Look("#d55e00"),
    "head": Look("#a63c00", dash="dash", print_dash="--", symbol="diamond", print_marker="D"),
    "both": Look("#0072b2"),
}
"""Base, tuned (by a probe), tuned (by its own head), and measures between the two."""

BASELINE = Look("#8a8f98", symbol="line-ns", print_marker="|")
"""Yardsticks that need no model."""

_SPLITS = {
    "test": Look("#0072b2"),
    "train": Look("#009470", dash="dash", symbol="square", print_dash="--", print_marker="s"),
    "dev": Look("#2a8fc9", dash="dashdot", symbol="diamond", print_dash="-.", print_marker="D"),
}
_OTHER_SPLITS = (
    Look("#b5508f", dash="solid", symbol="triangle-up", print_marker="^"),
    Look("#b07a00", dash="longdash", symbol="diamond", print_dash="--", print_marker="D"),
    Look("#7a5cc4", dash="dashdot", symbol="triangle-down", print_dash="-.", print_marker="v"),
    Look("#4d7c0f", dash="dash", symbol="x", print_dash="--", print_marker="X"),
)
_LABELS = ("#0072b2", "#d55e00", "#009470", "#b5508f", "#b07a00", "#2a8fc9", "#7a5cc4", "#4d7c0f", "#64748b")
_SYMBOLS = (("circle", "o"), ("square", "s"), ("diamond", "D"), ("triangle-up", "^"), ("triangle-down", "v"))


def split_look(split: str, others: tuple[str, ...]) -> Look:
    """Return the look of a split; ``others`` are the out-of-domain sets in their order."""
    if split in _SPLITS:
        return _SPLITS[split]
    return _OTHER_SPLITS[others.index(split) % len(_OTHER_SPLITS) if split in others else 0]


def label_look(index: int) -> Look:
    """Return the look of the label with this index: colours and markers repeat with different periods."""
    symbol, marker = _SYMBOLS[(index // len(_LABELS)) % len(_SYMBOLS)]
    return Look(_LABELS[index % len(_LABELS)], symbol=symbol, print_marker=marker)
