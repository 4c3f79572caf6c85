"""Tables on the terminal."""

from __future__ import annotations

import math

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["print_table"]


def print_table(console: Console, scores: pd.DataFrame, title: str) -> None:
    """Print scores with their intervals; the CSV beside them has every digit."""
    table = Table(title=escape(title), title_justify="left")
    for name in ("split", "metric", "score", "interval", "targets", "sentences"):
        table.add_column(name, justify="left" if name in ("split", "metric") else "right")
    for row in scores.to_dict("records"):
        table.add_row(
            escape(row["split"]),
            row["metric"],
            _figure(row["value"]) if math.isfinite(row["value"]) else row["status"],
            f"{_figure(row['low'])} … {_figure(row['high'])}" if math.isfinite(row["low"]) else "–",
            f"{row['n_examples']:,}",
            f"{row['n_sentences']:,}",
        )
    console.print(table)


def _figure(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
