"""Numbers in study files: what is written as true or false is none."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

__all__ = ["Count", "Integer", "NonNegativeNumber", "Number", "PositiveNumber", "WholeNumber"]


def _no_truth_value(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "Input should be a valid number")
    return value


def _no_truth_value_for_a_whole_number(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


Number = Annotated[float, BeforeValidator(_no_truth_value)]
"""A number, to be bounded by the field; ``3e-4``, which YAML 1.1 reads as text, is one too."""

PositiveNumber = Annotated[float, Field(gt=0), BeforeValidator(_no_truth_value)]
"""A number above 0."""

NonNegativeNumber = Annotated[float, Field(ge=0), BeforeValidator(_no_truth_value)]
"""A number from 0."""

Integer = Annotated[int, BeforeValidator(_no_truth_value_for_a_whole_number)]
"""A whole number, to be bounded by the field: a bound of the field would replace those of the types below."""

WholeNumber = Annotated[int, Field(ge=0), BeforeValidator(_no_truth_value_for_a_whole_number)]
"""A whole number from 0."""

Count = Annotated[int, Field(ge=1), BeforeValidator(_no_truth_value_for_a_whole_number)]
"""A whole number from 1."""
