"""Detectors of PyOD, scikit-learn and the library cupbearer give the scores that they give by themselves."""

import importlib
import json
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cupbearer_bridge.plugin import fields, fitted
from plugin_process import PluginProcess

PLUGINS = Path(__file__).resolve().parents[2] / "resources" / "plugins"

rng = np.random.default_rng(3)
TRUSTED = {"layer.1": rng.normal(size=(400, 8)).astype(np.float32), "out": rng.gamma(2, size=(400, 5)).astype(np.float32)}
TESTED = {"layer.1": rng.normal(1, 2, size=(60, 8)).astype(np.float32), "out": rng.gamma(3, size=(60, 5)).astype(np.float32)}


class TestPyOD:
    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("pyod")

    @pytest.mark.parametrize(("module", "name"), [("ecod", "ECOD"), ("copod", "COPOD"), ("knn", "KNN"), ("pca", "PCA"), ("hbos", "HBOS")])
    def test_scores_as_pyod_itself(self, module: str, name: str) -> None:
        from cupbearer_bridge.plugin.adapters import pyod_detector

        detector = pyod_detector(f"pyod.models.{module}", name)
        scores = fitted(detector, trusted=TRUSTED).score(TESTED)
        own = getattr(importlib.import_module(f"pyod.models.{module}"), name)
        for layer, x in TRUSTED.items():
            expected = own().fit(x.astype(np.float64)).decision_function(TESTED[layer].astype(np.float64))
            np.testing.assert_allclose(scores[layer], expected, rtol=0, atol=1e-6 * np.abs(expected).max())
        assert detector.describe().get("dependsOnBatch", False) == (name in ("ECOD", "COPOD"))

    def test_ecod_scores_so_through_the_program(self, tmp_path: Path) -> None:
        from pyod.models.ecod import ECOD

        process = PluginProcess(PLUGINS / "pyod-detectors", tmp_path / "exchange", "detectors.py")
        process.hello()
        batches = [{layer: x[at : at + 150] for layer, x in TRUSTED.items()} for at in (0, 150, 300)]
        state = process.kept(process.fit("pyod-ecod", batches)["state"])
        process.ask("load", definition="pyod-ecod", params={}, state=state, seed=0)
        scores = process.scores(TESTED)
        for layer, x in TRUSTED.items():
            expected = ECOD().fit(x.astype(np.float64)).decision_function(TESTED[layer].astype(np.float64))
            assert np.abs(scores[layer] - expected).max() <= 1e-6 * np.abs(expected).max()
        assert process.close()[0] == 0

    def test_reads_parameters_off_the_constructor(self) -> None:
        from cupbearer_bridge.plugin.adapters import pyod_detector

        forest = pyod_detector("pyod.models.iforest", "IForest", id="forest", fixed={"bootstrap": True})
        described = {field["key"]: field for field in forest.describe()["fields"]}
        assert described["n_estimators"]["default"] == 100
        assert described["n_estimators"]["help"] == "The number of base estimators in the ensemble"
        assert set(described) & {"contamination", "random_state", "n_jobs", "bootstrap"} == set()
        made = fitted(forest, trusted=TRUSTED, n_estimators=7, max_samples="50", seed=1).score(TESTED)
        again = fitted(forest, trusted=TRUSTED, n_estimators=7, max_samples="50", seed=1).score(TESTED)
        other = fitted(forest, trusted=TRUSTED, n_estimators=7, max_samples="50", seed=2).score(TESTED)
        assert np.array_equal(made["out"], again["out"]) and not np.array_equal(made["out"], other["out"])


class TestScikitLearn:
    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("sklearn")

    @pytest.mark.parametrize(
        ("module", "name", "given"),
        [
            ("sklearn.neighbors", "LocalOutlierFactor", {"n_neighbors": 7}),
            ("sklearn.svm", "OneClassSVM", {"nu": 0.2, "kernel": "sigmoid"}),
            ("sklearn.decomposition", "PCA", {"whiten": True}),
            ("sklearn.neighbors", "KernelDensity", {"bandwidth": 0.7}),
        ],
    )
    def test_scores_as_scikit_learn_itself(self, module: str, name: str, given: dict[str, Any]) -> None:
        from cupbearer_bridge.plugin.adapters import sklearn_detector

        detector = sklearn_detector(module, name)
        scores = fitted(detector, trusted=TRUSTED, **given).score(TESTED)
        novelty = {"novelty": True} if name == "LocalOutlierFactor" else {}
        for layer, x in TRUSTED.items():
            own = getattr(importlib.import_module(module), name)(**given, **novelty).fit(x.astype(np.float64))
            np.testing.assert_allclose(scores[layer], -own.score_samples(TESTED[layer].astype(np.float64)), rtol=1e-9, atol=1e-9)

    def test_knows_the_words_and_ranges_of_arguments(self) -> None:
        from cupbearer_bridge.plugin.adapters import sklearn_detector

        described = {field["key"]: field for field in sklearn_detector("sklearn.svm", "OneClassSVM").describe()["fields"]}
        assert described["kernel"]["type"] == "choice" and {"rbf", "linear"} <= set(described["kernel"]["options"])
        assert described["degree"]["min"] == 0


def test_makes_nothing_but_what_belongs_to_the_packages() -> None:
    from cupbearer_bridge.plugin.adapters.pickled import loads

    class Command:
        def __reduce__(self) -> Any:
            return os.system, ("echo made",)

    for value in (Command(), subprocess.Popen, np.testing.assert_equal, np.memmap):
        with pytest.raises(pickle.UnpicklingError, match="expected objects of sklearn in the detector's state, found"):
            loads(pickle.dumps(value), ["sklearn"])
    assert np.array_equal(loads(pickle.dumps({"a": np.arange(3)}), [])["a"], np.arange(3))


@pytest.mark.parametrize("folder", ["pyod-detectors", "sklearn-outliers", "cupbearer-library"])
def test_examples_add_what_their_manifests_say(folder: str, tmp_path: Path) -> None:
    pytest.importorskip({"pyod-detectors": "pyod", "sklearn-outliers": "sklearn", "cupbearer-library": "cupbearer"}[folder])
    manifest = json.loads((PLUGINS / folder / "cupbearer.plugin.json").read_text(encoding="utf-8"))
    process = PluginProcess(PLUGINS / folder, tmp_path / "exchange", manifest["entry"])
    process.hello()
    described = process.ask("describe")["definitions"]
    assert [(found["kind"], found["id"]) for found in described] == [(added["kind"], added["id"]) for added in manifest["adds"]]
    assert process.close()[0] == 0


class TestLibrary:
    """With the library's own classes if it is installed; with one written for its interface in any case where PyTorch is."""

    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("torch")

    @pytest.mark.parametrize("name", ["MahalanobisDetector", "SpectralSignatureDetector", "BeatrixDetector"])
    def test_runs_its_classes_unchanged(self, name: str) -> None:
        import torch

        library = pytest.importorskip("cupbearer.detectors")
        from cupbearer_bridge.plugin.adapters import library_detector

        original = getattr(library, name)
        params = {"shrinkage": fields.number(default=0.1)} if name == "MahalanobisDetector" else {}
        detector = library_detector(original, id="mine", params=params)
        streams = {"trusted" if original.use_trusted else "untrusted": TRUSTED}
        scores = fitted(detector, batch_size=100, **streams).score(TESTED)
        batches = [((None, torch.zeros(100)), {layer: torch.from_numpy(x[at : at + 100]) for layer, x in TRUSTED.items()}) for at in range(0, 400, 100)]
        own = original(activation_names=list(TRUSTED))
        loaders = (batches, None) if original.use_trusted else (None, batches)
        own._train(*loaders, pbar=False, **({"shrinkage": 0.1} if params else {}))
        with torch.no_grad():
            expected = own._compute_layerwise_scores(None, {layer: torch.from_numpy(x) for layer, x in TESTED.items()})
        assert set(scores) == set(expected)
        for layer, values in expected.items():
            assert np.array_equal(scores[layer], values.numpy().astype(np.float64)), layer

    def test_runs_what_is_written_for_its_interface(self) -> None:
        import torch

        class Distance:
            """Distance to the mean, of the largest layer only."""

            use_trusted = True
            use_untrusted = False

            def __init__(self, activation_names: list[str], power: float = 1) -> None:
                self.names = activation_names
                self.power = power

            def _train(self, trusted_dataloader: Any, untrusted_dataloader: Any, *, scale: float, **kwargs: Any) -> None:
                assert untrusted_dataloader is None and len(trusted_dataloader) == 4
                sums = {name: sum(features[name].sum(0) for _, features in trusted_dataloader) for name in self.names}
                count = sum(len(batch[1]) for batch, _ in trusted_dataloader)
                self.variables = {"means": {name: value / count for name, value in sums.items()}, "scale": scale, "none": None, "list": [1, "a"]}

            def _get_trained_variables(self) -> Any:
                return self.variables

            def _set_trained_variables(self, variables: Any) -> None:
                self.variables = variables

            def _compute_layerwise_scores(self, inputs: Any, features: Any) -> Any:
                assert self.variables["none"] is None and self.variables["list"] == [1, "a"]
                means, scale = self.variables["means"], self.variables["scale"]
                distances = [((features[name] - means[name]) ** 2).sum(1) ** self.power * scale for name in self.names]
                return {"all": torch.stack(distances).amax(0)}

        from cupbearer_bridge.plugin.adapters import library_detector

        params = {"power": fields.number(default=0.5), "scale": fields.number(default=1)}
        detector = library_detector(Distance, id="distance", params=params)
        assert detector.describe()["summary"] == "Distance to the mean, of the largest layer only."
        scores = fitted(detector, trusted=TRUSTED, batch_size=100, scale=2).score(TESTED)
        expected = [2 * np.linalg.norm(TESTED[layer] - x.mean(0), axis=1) for layer, x in TRUSTED.items()]
        np.testing.assert_allclose(scores["output"], np.max(expected, 0), rtol=1e-5)
