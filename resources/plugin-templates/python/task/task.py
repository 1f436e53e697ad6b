"""A task: a model, data that are known to be normal, and test data in which the anomalous ones must be found."""

import numpy as np
from cupbearer_bridge.plugin import Task, fields


class TwoLayers:
    """Stands for a model of yours. A torch.nn.Module, alone or with its tokenizer, can be returned in its place."""

    def __init__(self, width, rng):
        self.first = rng.normal(size=(16, width)) / 4
        self.second = rng.normal(size=(width, width)) / width**0.5

    def activations(self, batch, layers):
        """batch: samples [size, ...]. Returns the activations of the layers asked for, by name; of all where none are named."""
        first = np.maximum(batch @ self.first, 0)
        second = np.maximum(first @ self.second, 0)
        return {"first": first, "second": second}


class PLUGIN_CLASS(Task):
    """A random network that watches signals with and without a pulse"""

    id = "PLUGIN_ID"
    anomalous = "With a pulse"
    normal = "Noise alone"
    threat = "Nobody attacks: the anomalous samples have a pulse that the trusted ones lack."
    params = {"width": fields.integer(default=32, min=1, max=4096, label="Width", help="Neurons of each layer")}

    def load(self):
        return TwoLayers(self.params.width, np.random.default_rng(self.seed))

    def dataset(self):
        signals = self.rng.normal(size=(600, 16))
        pulses = self.rng.normal(size=(100, 16))
        pulses[:, 4:7] += 3
        return {"trusted": signals[:500], "test": {"normal": signals[500:], "anomalous": pulses}}
