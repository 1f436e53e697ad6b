"""Runs and experiments of Cupbearer in Python, read only.

    from cupbearer_bridge import catalogue, read_run

    run = read_run("logs/detector")
    run.scores["all"][run.labels == 1].mean()
    catalogue().runs()
"""

from .catalogue import Catalogue, catalogue
from .runs import Run, RunError, read_run

__all__ = ["Catalogue", "Run", "RunError", "catalogue", "read_run"]
