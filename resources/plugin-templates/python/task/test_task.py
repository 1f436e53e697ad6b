"""Run with pytest, in an environment that has cupbearer_bridge: pip install "$(npx cupbearer python-path)"."""

from task import PLUGIN_CLASS


def test_gives_activations_of_each_sample():
    instance = PLUGIN_CLASS.made({"width": 8}, seed=0, link=None)
    data = instance.dataset()
    seen = instance.load().activations(data["trusted"][:5], ["first", "second"])
    assert {name: values.shape for name, values in seen.items()} == {"first": (5, 8), "second": (5, 8)}
