"""Loss landscapes from arrays of losses: widths, areas, barriers, agreement of surfaces; and paths of weights."""
