"""Detectors, tasks, models, datasets and triggers of your own, in Python.

    from cupbearer_bridge.plugin import LayerDetector, fields

    class MeanDistance(LayerDetector):
        id = "mean-distance"
        summary = "Distance to the mean of the trusted activations"
        params = {"power": fields.number(default=2, min=1, label="Power", help="Exponent of the norm")}

        def fit_layer(self, x, layer):
            return {"mean": x.mean(0)}

        def score_layer(self, x, state):
            return (abs(x - state["mean"]) ** self.params.power).sum(1)
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import fields
    from .data import Dataset, Trigger
    from .definition import Cancelled, Definition
    from .detector import Batch, Detector, Features, Layer, LayerDetector, Stream
    from .model import Model, Task
    from .parts import Part
    from .trying import fitted

__all__ = [
    "Batch",
    "Cancelled",
    "Dataset",
    "Definition",
    "Detector",
    "Features",
    "Layer",
    "LayerDetector",
    "Model",
    "Part",
    "Stream",
    "Task",
    "Trigger",
    "fields",
    "fitted",
]

_PLACES = {
    "Batch": "detector",
    "Cancelled": "definition",
    "Dataset": "data",
    "Definition": "definition",
    "Detector": "detector",
    "Features": "detector",
    "Layer": "detector",
    "LayerDetector": "detector",
    "Model": "model",
    "Part": "parts",
    "Stream": "detector",
    "Task": "model",
    "Trigger": "data",
    "fitted": "trying",
}


# Loaded at first use, so that the runner can say what is missing on a Python that is too old or lacks numpy.
def __getattr__(name: str) -> Any:
    if name == "fields":
        return importlib.import_module(".fields", __name__)
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("." + _PLACES[name], __name__), name)
