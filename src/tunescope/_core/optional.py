"""Optional dependencies, imported when first used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from tunescope._core.errors import MissingExtraError

__all__ = ["import_optional"]


def import_optional(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import ``module``, or tell which extra installs it.

    Args:
        module: Name of the module, such as ``"peft"``.
        extra: The extra of tunescope that installs it.
        purpose: What it is needed for, as the end of "needed to …".

    Raises:
        MissingExtraError: The module is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name.split(".")[0]):
            raise
        raise MissingExtraError(
            f"The package {module!r} is not installed; it is needed to {purpose}.",
            fix=f"pip install 'tunescope[{extra}]'",
        ) from error
