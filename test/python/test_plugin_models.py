"""Models that run in a plugin: their activations are those of an export, whatever they are given."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import english, german
from cupbearer_bridge import export
from cupbearer_bridge.needed import ExportError
from cupbearer_bridge.plugin import Model, Part, Task
from cupbearer_bridge.plugin.faults import Fault
from cupbearer_bridge.plugin.model import OpenedModel, described_parts
from plugin_process import PluginProcess
from safetensors.numpy import load_file


def opened(model: type[Model], **params: Any) -> OpenedModel:
    model.describe()
    result: OpenedModel = model.made(params).open()
    return result


class Texts(Model):
    """A model of Hugging Face on sentences in two languages."""

    id = "texts"
    folder: Path

    def load(self) -> Any:
        from transformers import AutoModel

        return AutoModel.from_pretrained(self.folder)

    def dataset(self) -> Any:
        return {"trusted": english(40), "test": {"normal": english(20, 1), "anomalous": german(20, 2)}}


@pytest.mark.parametrize("made", ["bert", "gpt2"])
def test_gives_what_an_export_has(made: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder: Path = request.getfixturevalue(f"{made}_folder")
    model = opened(type("Made", (Texts,), {"folder": folder}))
    exported = export(folder, english(40), out=tmp_path / "out", positions="all", progress=False)
    stored = load_file(exported.folder / "activations.safetensors")
    assert list(model.layers) == list(exported.contract["layers"])
    lengths = model.lengths("trusted")
    assert lengths is not None and np.array_equal(lengths, stored["lengths"])
    layers = list(model.layers)
    values, _ = model.activations("trusted", list(range(40)), layers, False)
    for layer in layers:
        assert model.layers[layer].is_ragged
        assert np.array_equal(values[layer], stored[layer]), layer

    # Any samples in any order, with other ones beside them in a batch.
    rows = [17, 3, 3, 30]
    some, _ = model.activations("trusted", rows, layers[1:2], False)
    begins = np.cumsum([0, *lengths])
    expected = np.concatenate([stored[layers[1]][begins[row] : begins[row + 1]] for row in rows])
    np.testing.assert_allclose(some[layers[1]], expected, atol=2e-5)

    facts, arrays = described_parts(model)["test"]
    assert facts["length"] == 40 and facts["texts"][:20] == english(20, 1)
    assert arrays["labels"].tolist() == [0] * 20 + [1] * 20
    assert len(facts["fingerprint"]) == 64


class Classifier(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.features = torch.nn.Conv2d(1, 3, 3)
        self.head = torch.nn.Linear(3, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x).relu().mean((2, 3)))


class Pictures(torch.utils.data.Dataset[Any]):
    def __init__(self, count: int, shift: float = 0) -> None:
        self.images = torch.rand(count, 1, 6, 6, generator=torch.Generator().manual_seed(count)) + shift

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> Any:
        return self.images[place], place % 5


class Images(Task):
    """Brighter images than usual."""

    id = "brighter"
    threat = "Somebody turns on the light."
    layers = ["features", "head:input"]
    batch_size = 4

    def load(self) -> Any:
        return Classifier()

    def dataset(self) -> Any:
        return {
            "trusted": Pictures(9),
            "untrusted": Part(Pictures(6), groups=[0, 0, 1, 1, 2, 2]),
            "test": {"normal": Pictures(7), "anomalous": Pictures(8, 1)},
        }


def test_reads_datasets_of_pytorch_and_outputs_of_classifiers() -> None:
    assert Images.describe() == {
        **{"kind": "task", "id": "brighter", "title": "Brighter", "summary": "Brighter images than usual", "fields": []},
        "threat": "Somebody turns on the light.",
    }
    model = opened(Images)
    assert {name: layer.shape for name, layer in model.layers.items()} == {"features": (16, 3), "head.input": (3,)}
    assert model.logits == 5
    rows = [14, 0, 6, 7, 8, 9]
    values, logits = model.activations("test", rows, ["head.input", "features"], True)
    images = torch.cat([Pictures(7).images, Pictures(8, 1).images])[rows]
    module = Classifier()
    with torch.no_grad():
        features = module.features(images)
        np.testing.assert_allclose(values["features"], features.flatten(2).transpose(1, 2).numpy(), atol=1e-6)
        np.testing.assert_allclose(values["head.input"], features.relu().mean((2, 3)).numpy(), atol=1e-6)
        assert logits is not None
        np.testing.assert_allclose(logits, module(images).numpy(), atol=1e-6)
    _, arrays = described_parts(model)["untrusted"]
    assert arrays["groups"].tolist() == [0, 0, 1, 1, 2, 2] and "labels" not in arrays
    assert model.fingerprint == opened(Images).fingerprint


def test_reads_rows_of_hugging_face(gpt2_folder: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_dict({"question": english(6), "answer": ["yes"] * 6})

    class Asked(Texts):
        id = "asked"
        folder = gpt2_folder
        template = "{question} {answer}"
        layers = "h.*"

        def dataset(self) -> Any:
            return {"trusted": rows, "test": Part(rows, [0, 0, 0, 1, 1, 1])}

    model = opened(Asked)
    assert model.texts("trusted") == [f"{text} yes" for text in english(6)]
    values, _ = model.activations("test", [5], ["h.1"], False)
    lengths = model.lengths("test")
    assert lengths is not None and values["h.1"].shape == (lengths[5], 32)


def test_takes_arrays_by_the_names_of_arguments() -> None:
    class Two(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(2, 2)

        def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            return self.layer(left + right)

    ones = np.ones((4, 2), np.float32)

    class Named(Model):
        id = "named"
        summary = "Two arguments"
        layers = {"sum": "layer:input"}

        def load(self) -> Any:
            return Two()

        def dataset(self) -> Any:
            part = {"left": ones, "right": 2 * ones}
            return {"untrusted": part, "test": {"normal": part, "anomalous": part}}

    values, _ = opened(Named).activations("test", [0, 7], ["sum"], False)
    assert values["sum"].tolist() == [[3, 3], [3, 3]]


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        (torch.nn.Linear(2, 2), {"trusted": np.ones((2, 2))}, "expected a dict of trusted, untrusted and test samples, found trusted"),
        (torch.nn.Linear(2, 2), {"test": np.ones((2, 2))}, "expected trusted or untrusted samples beside those to test"),
        (torch.nn.Linear(2, 2), {"trusted": [], "test": Part([1, 2], [0, 1])}, "trusted: expected samples, found none"),
        (torch.nn.Linear(2, 2), {"trusted": np.ones((2, 2)), "test": np.ones((2, 2))}, "test: expected normal and anomalous samples"),
        (torch.nn.Linear(2, 2), {"trusted": np.ones((2, 2)), "test": Part(np.ones((2, 2)), [0, 2])}, "test: expected labels 0 or 1"),
        (torch.nn.Linear(2, 2), {"trusted": np.ones((2, 2)), "test": Part(np.ones((2, 2)), [0, 1])}, "expected names of modules"),
        (print, {"trusted": np.ones((2, 2)), "test": Part(np.ones((2, 2)), [0, 1])}, "expected a module of PyTorch or an object"),
    ],
)
def test_says_what_does_not_fit(model: Any, data: Any, message: str) -> None:
    class Wrong(Model):
        id = "wrong"
        summary = "Wrong"

        def load(self) -> Any:
            return model

        def dataset(self) -> Any:
            return data

    with pytest.raises((Fault, TypeError, ExportError), match=message):
        opened(Wrong)


def test_answers_the_program(tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    text = """
import numpy as np
import torch
from cupbearer_bridge.plugin import Model, Part

class Small(Model):
    '''A small network.'''
    id = "small"
    layers = ["0"]

    def load(self):
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))

    def dataset(self):
        x = np.linspace(0, 1, 30, dtype=np.float32).reshape(10, 3)
        return {"trusted": x, "test": Part(x, np.arange(10) % 2)}
"""
    (folder / "model.py").write_text(text)
    process = PluginProcess(folder, tmp_path / "exchange", "model.py")
    process.hello()
    opened_answer = process.ask("open", definition="small", params={}, seed=0)["opened"]
    assert opened_answer["layers"] == [{"name": "0", "shape": [4], "isRagged": False}]
    assert opened_answer["logits"] == 2
    assert process.got(opened_answer["parts"]["test"]["labels"]).tolist() == [0, 1] * 5
    place = process.put("indices", np.int32([9, 0]))
    answer = process.ask("activations", part="test", indices=place, layers=["0"], logits=True)
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    x = torch.linspace(0, 1, 30).reshape(10, 3)[[9, 0]]
    np.testing.assert_allclose(process.got(answer["activations"]["0"]), module[0](x).detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(process.got(answer["logits"]), module(x).detach().numpy(), atol=1e-6)
    assert process.close()[0] == 0
