"""Run with pytest, in an environment that has cupbearer_bridge: pip install "$(npx cupbearer python-path)"."""

import numpy as np
from cupbearer_bridge.plugin import fitted
from detector import PLUGIN_CLASS


def test_finds_what_is_far_away():
    rng = np.random.default_rng(0)
    trusted = {"layer": rng.normal(size=(200, 8))}
    test = {"layer": np.concatenate([rng.normal(size=(20, 8)), rng.normal(loc=5, size=(20, 8))])}
    scores = fitted(PLUGIN_CLASS, trusted=trusted).score(test)["layer"]
    assert scores[20:].min() > scores[:20].max()
