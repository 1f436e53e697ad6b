"""Runs and experiments of Cupbearer in Python, activations of PyTorch models for it, and plugins that run in it.

    from cupbearer_bridge import catalogue, read_run

    run = read_run("logs/detector")
    run.scores["all"][run.labels == 1].mean()
    catalogue().runs()

    from cupbearer_bridge import export

    export("path/to/a/model", ["a text", "another"], positions="last", out="trusted")

    from cupbearer_bridge.plugin import LayerDetector, fields
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import Catalogue, catalogue
    from .exporting import Export, export
    from .needed import ExportError
    from .parity import Difference, check
    from .runs import Run, RunError, read_run

__version__ = "0.1.0"

__all__ = [
    "Catalogue",
    "Difference",
    "Export",
    "ExportError",
    "Run",
    "RunError",
    "catalogue",
    "check",
    "export",
    "read_run",
]

# Loaded at their first use: a plugin needs none of these, nor the packages that they need. This file and those of the runner
# parse on old versions of Python as well, which are then told what is missing.
_PLACES = {
    "catalogue": ["Catalogue", "catalogue"],
    "exporting": ["Export", "export"],
    "needed": ["ExportError"],
    "parity": ["Difference", "check"],
    "runs": ["Run", "RunError", "read_run"],
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # All at once, as the module "catalogue" would hide the function of that name.
    for place, names in _PLACES.items():
        module = importlib.import_module("." + place, __name__)
        globals().update({known: getattr(module, known) for known in names})
    return globals()[name]
