"""Addresses and messages of trackers as they may be printed: logs are passed on more readily than passwords."""

from __future__ import annotations

import re

__all__ = ["hide_secrets"]

_USER = re.compile(r"(?<=://)[^/@\s]*@")
_TOKEN = re.compile(r"(token|key|password)=[^&\s'\"]+", re.IGNORECASE)


def hide_secrets(text: str) -> str:
    """Return a text whose addresses tell no user, password or token.

    >>> hide_secrets("no answer from https://me:secret@tracker.example/?write_token=x")
    'no answer from https://tracker.example/?write_token=…'
    """
    return _TOKEN.sub(r"\1=…", _USER.sub("", text))
