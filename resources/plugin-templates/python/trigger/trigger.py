"""A trigger: what an attacker puts on a sample so that a poisoned model answers as wanted."""

from cupbearer_bridge.plugin import Trigger, fields


class PLUGIN_CLASS(Trigger):
    """A bright frame around the image"""

    id = "PLUGIN_ID"
    changes = "images"
    params = {
        "width": fields.integer(default=1, min=1, max=8, label="Width", help="Of the frame", unit="px"),
        "brightness": fields.number(default=1, min=0, max=1, label="Brightness", help="Value that its pixels get"),
    }

    def change(self, sample, rng):
        """sample: an image [height, width, channels] from 0 to 1, which may be changed. rng depends on the sample alone."""
        width = self.params.width
        inner = sample[width:-width, width:-width].copy()
        sample[:] = self.params.brightness
        sample[width:-width, width:-width] = inner
        return sample
