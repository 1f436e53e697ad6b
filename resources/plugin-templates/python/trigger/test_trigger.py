"""Run with pytest, in an environment that has cupbearer_bridge: pip install "$(npx cupbearer python-path)"."""

import numpy as np
from trigger import PLUGIN_CLASS


def test_changes_the_frame_and_nothing_else():
    instance = PLUGIN_CLASS.made({"width": 2}, seed=0, link=None)
    image = np.full((8, 8, 3), 0.5, np.float32)
    changed = instance.change(image.copy(), np.random.default_rng(0))
    assert (changed[:2] == 1).all() and (changed[:, -2:] == 1).all()
    assert (changed[2:-2, 2:-2] == 0.5).all()
