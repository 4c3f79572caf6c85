"""An active set for every thread that works on hulls."""

from __future__ import annotations

import threading

from tunescope.measures.geometry.hulls.min_norm_point import ActiveSet, new_active_set

__all__ = ["workspace"]

_threads = threading.local()


def workspace(rank: int) -> ActiveSet:
    """Return this thread's active set in ``rank`` dimensions; the next call may hand out the same."""
    if getattr(_threads, "rank", None) != rank:
        _threads.rank, _threads.active = rank, new_active_set(rank)
    active: ActiveSet = _threads.active
    return active
