"""A detector: what it learns of trusted activations, and how unusual it finds others."""

import numpy as np
from cupbearer_bridge.plugin import LayerDetector, fields


class PLUGIN_CLASS(LayerDetector):
    """Distance to the mean of the trusted activations, each dimension in its own standard deviations"""

    id = "PLUGIN_ID"
    source = "Where the method comes from: a paper, with equation or section"
    params = {
        "power": fields.number(default=2, min=1, max=10, label="Power", help="Exponent of the deviations"),
    }

    def fit_layer(self, x, layer):
        """x: trusted activations of one layer, [n, dims]. Returns what scoring needs."""
        deviation = x.std(0)
        return {"mean": x.mean(0), "deviation": np.where(deviation > 0, deviation, 1)}

    def score_layer(self, x, state):
        """x: activations to score, [size, dims]. Returns one score a sample; higher is more anomalous."""
        deviations = np.abs(x - state["mean"]) / state["deviation"]
        return (deviations**self.params.power).mean(1)
