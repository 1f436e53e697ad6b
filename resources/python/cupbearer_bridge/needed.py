"""Libraries that are imported only when something needs them."""

from __future__ import annotations

import importlib
from typing import Any


class ExportError(Exception):
    """Activations that cannot be exported or read, with what was expected and what was found."""


def needed(name: str, purpose: str) -> Any:
    """Returns a module. :raises ImportError: with what to do if it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ImportError(f"{purpose} needs {name}: pip install {name}") from error
