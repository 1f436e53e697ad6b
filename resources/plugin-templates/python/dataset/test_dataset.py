"""Run with pytest, in an environment that has cupbearer_bridge: pip install "$(npx cupbearer python-path)"."""

import numpy as np
from dataset import PLUGIN_CLASS


def test_draws_every_class_from_0_to_1():
    instance = PLUGIN_CLASS.made({"samples": 200}, seed=0, link=None)
    images, labels = instance.train()
    assert images.shape == (200, 16, 16, 1)
    assert images.min() >= 0 and images.max() <= 1
    assert set(np.unique(labels)) == {0, 1, 2, 3}
