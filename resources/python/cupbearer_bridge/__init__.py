"""Runs and experiments of Cupbearer in Python, and activations of PyTorch models for it.

    from cupbearer_bridge import catalogue, read_run

    run = read_run("logs/detector")
    run.scores["all"][run.labels == 1].mean()
    catalogue().runs()

    from cupbearer_bridge import export

    export("path/to/a/model", ["a text", "another"], positions="last", out="trusted")
"""

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
