"""A dataset to train the program's own models on."""

import numpy as np
from cupbearer_bridge.plugin import Dataset, fields


class PLUGIN_CLASS(Dataset):
    """Bars of light in one of four directions"""

    id = "PLUGIN_ID"
    classes = ["horizontal", "vertical", "falling", "rising"]
    params = {
        "samples": fields.integer(default=2000, min=40, max=100_000, label="Samples", help="To train on; a fifth as many to test"),
        "noise": fields.number(default=0.1, min=0, max=1, label="Noise", help="Standard deviation of the noise on each pixel"),
    }

    def train(self):
        return self.draw(self.params.samples)

    def test(self):
        return self.draw(self.params.samples // 5)

    def draw(self, count):
        """Returns images [n, height, width, channels] from 0 to 1, and their classes [n]. self.rng follows from the run's seed."""
        side = 16
        rows, columns = np.mgrid[0:side, 0:side]
        labels = self.rng.integers(0, 4, count)
        across = np.stack([rows, columns, rows - columns + 8, rows + columns - 8])[labels]
        places = self.rng.integers(4, 12, count)[:, None, None]
        images = np.exp(-((across - places) ** 2) / 4) + self.params.noise * self.rng.normal(size=across.shape)
        return np.clip(images, 0, 1)[..., None].astype(np.float32), labels
