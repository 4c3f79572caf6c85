"""Small, frozen records that are written to disk as JSON and read back unchanged."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Record"]


class Record(BaseModel):
    """Base of every record: frozen, without unknown fields; NaN and infinity survive the JSON round trip."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")
