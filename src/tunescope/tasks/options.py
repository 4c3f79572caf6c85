"""Options by name, checked against the keyword-only parameters of the function that takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, get_type_hints

from pydantic import ConfigDict, ValidationError, create_model

from tunescope._core.errors import InputError

__all__ = ["check_options", "option_names"]

_CONFIG = ConfigDict(arbitrary_types_allowed=True, extra="forbid", protected_namespaces=())


def option_names(function: Callable[..., object]) -> tuple[str, ...]:
    """Return the names of a function's keyword-only parameters.

    >>> def read(path, *, encoding="utf-8"): ...
    >>> option_names(read)
    ('encoding',)
    """
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)


def check_options(
    function: Callable[..., object], options: Mapping[str, object], *, owner: str
) -> dict[str, Any]:
    """Return the options, each converted to the type of the parameter with its name.

    Args:
        function: The function that takes the options as keyword-only parameters, all with defaults.
        options: Values by name.
        owner: Whose options they are, for errors, such as ``"format 'table'"``.

    Raises:
        InputError: An option is unknown, or its value does not suit it.
    """
    known = option_names(function)
    for name in options:
        if name not in known:
            similar = get_close_matches(name, known, n=1)
            raise InputError(
                f"The {owner} has no such option.",
                where=name,
                expected=", ".join(known) or "no option",
                got=repr(name),
                fix=f"did you mean {similar[0]!r}?" if similar else None,
            )
    hints, parameters = get_type_hints(function), inspect.signature(function).parameters
    fields: dict[str, Any] = {name: (hints.get(name, Any), parameters[name].default) for name in options}
    try:
        checked = create_model("Options", __config__=_CONFIG, **fields)(**options)
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0])
        raise InputError(
            f"An option of the {owner} has an unsuitable value.",
            where=name,
            expected=problem["msg"].removeprefix("Input should be ").removeprefix("a valid "),
            got=repr(options[name]),
        ) from error
    return {name: getattr(checked, name) for name in options}
