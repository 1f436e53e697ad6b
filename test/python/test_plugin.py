"""The Python end of plugins: definitions, fitting and scoring in another process, and a program that sends anything."""

import ast
import json
import pickle
import random
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cupbearer_bridge.plugin import Detector, LayerDetector, fields, fitted
from cupbearer_bridge.plugin.faults import DefinitionError, Fault
from cupbearer_bridge.plugin.state import State, from_stored, to_stored
from plugin_process import PACKAGE, PluginProcess

MEAN = '''
import numpy as np
from cupbearer_bridge.plugin import LayerDetector, fields


class MeanDistance(LayerDetector):
    """Distance to the mean of the trusted activations."""

    id = "mean-distance"
    params = {"power": fields.number(default=2, min=1, max=10, help="Exponent of the norm")}

    def fit_layer(self, x, layer):
        print("fitting", layer, layer.dims)
        return {"mean": x.mean(0, dtype=np.float64)}

    def score_layer(self, x, state):
        return (np.abs(x - state["mean"]) ** self.params.power).sum(1)
'''

Start = Callable[..., PluginProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a plugin with the given text as its entry file."""
    started: list[PluginProcess] = []

    def starting(text: str, hello: bool = True, **others: str) -> PluginProcess:
        folder = tmp_path / "plugin"
        folder.mkdir(exist_ok=True)
        (folder / "detector.py").write_text(text, encoding="utf-8")
        for name, content in others.items():
            (folder / f"{name}.py").write_text(content)
        process = PluginProcess(folder, tmp_path / "exchange")
        started.append(process)
        if hello:
            assert process.hello()["hello"]["language"] == "python"
        return process

    yield starting
    for process in started:
        process.process.kill()
        process.process.wait()
        for pipe in (process.process.stdin, process.process.stdout, process.process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass


def batches(seed: int = 0, count: int = 3, **dims: int) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [{name: rng.normal(size=(20, d)).astype(np.float32) for name, d in (dims or {"a": 4, "b": 3}).items()} for _ in range(count)]


class TestDefinitions:
    def test_describes_a_detector(self, start: Start) -> None:
        (described,) = start(MEAN).ask("describe")["definitions"]
        assert described == {
            "kind": "detector",
            "id": "mean-distance",
            "title": "Mean distance",
            "summary": "Distance to the mean of the trusted activations",
            "fields": [{"key": "power", "type": "number", "default": 2, "min": 1, "max": 10, "label": "Power", "help": "Exponent of the norm"}],
            "needs": {"trusted": True},
        }

    def test_describes_every_field(self) -> None:
        described = {
            "n": fields.number(label="N"),
            "i": fields.integer(default=3, unit="epochs", advanced=True),
            "f": fields.flag(default=True),
            "c": fields.choice(["a", "b"], titles={"a": "A"}, when={"f": True}),
            "t": fields.text(),
            "p": fields.path(),
            "l": fields.integers(default=[1, 2]),
            "s": fields.names(control="layers"),
            "d": fields.pick("dataset", default="mnist"),
        }
        assert [field.describe(key) for key, field in described.items()] == [
            {"key": "n", "type": "number", "label": "N", "help": "", "optional": True},
            {"key": "i", "type": "integer", "label": "I", "help": "", "default": 3, "unit": "epochs", "advanced": True},
            {"key": "f", "type": "flag", "label": "F", "help": "", "default": True},
            {
                **{"key": "c", "type": "choice", "label": "C", "help": "", "titles": {"a": "A"}},
                **{"when": {"f": True}, "options": ["a", "b"], "default": "a"},
            },
            {"key": "t", "type": "text", "label": "T", "help": "", "optional": True},
            {"key": "p", "type": "path", "label": "P", "help": ""},
            {"key": "l", "type": "integers", "label": "L", "help": "", "default": [1, 2]},
            {"key": "s", "type": "names", "label": "S", "help": "", "control": "layers", "optional": True},
            {"key": "d", "type": "pick", "label": "D", "help": "", "registry": "dataset", "default": "mnist"},
        ]

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: fields.integer(default=50, max=10), "expected a number from -inf to 10, found 50"),
            (lambda: fields.integer(default=1.5), "default: expected integer, found 1.5"),  # type: ignore[arg-type]
            (lambda: fields.number(min=2, max=1), "min: expected at most max, 1, found 2"),
            (lambda: fields.number(default=float("nan")), "default: expected number, found nan"),
            (lambda: fields.choice([]), "options: expected a list of words"),
            (lambda: fields.choice(["a"], default="b"), "default: expected one of a, found 'b'"),
            (lambda: fields.integers(default=[0], min=1), "expected a number from 1 to inf, found 0"),
            (lambda: fields.names(control="slider"), "control: expected one of share"),
            (lambda: fields.pick("detector"), "registry: expected one of dataset"),
        ],
    )
    def test_refuses_fields_that_cannot_be(self, make: Callable[[], Any], message: str) -> None:
        with pytest.raises(DefinitionError, match=message):
            make()

    @pytest.mark.parametrize(
        ("text", "message", "line", "place"),
        [
            ("class A(Detector):\n    summary = 'A'\n", "A, which has no id", 1, None),
            ("class A(Detector):\n    id = 'Not This'\n    summary = 'A'\n", "expected an id of lower-case words", 2, ["id"]),
            ("class A(Detector):\n    id = 'a'\n", "expected a summary or a docstring", 2, ["summary"]),
            ("class A(Detector):\n    id = 'a'\n    summary = 'A'\n", "expected the method fit, found none", 2, ["fit"]),
            ("class A(LayerDetector):\n    id = 'a'\n    summary = 'A'\n", "expected the method fit_layer", 2, ["fit_layer"]),
            ("class A(Detector):\n    id = 'a'\n    summary = 'A'\n    needs = {'gradients': True}\n", "found 'gradients'", 2, ["needs", "gradients"]),
            ("class A(Detector):\n    id = 'a'\n    summary = 'A'\n    needs = {'layers': True}\n", "a number from 0", 2, ["needs", "layers"]),
            ("class A(Detector):\n    id = 'a'\n    summary = 'A'\n    params = {'K': fields.flag()}\n", "snake case", 2, ["params", "K"]),
            ("class A(Detector):\n    id = 'a'\n    summary = 'A'\n    params = {'k': 3}\n", "to be a field such as", 2, ["params", "k"]),
            ("x = 1\nk = fields.integer(\n    default=3, max=2)\n", "expected a number from -inf to 2", 3, ["default"]),
            ("definitions = [3]\n", "expected classes such as Detector, found 3", 1, None),
            ("class A(Detector):\n    id = 'a'\n\nclass B(Detector):\n    id = 'a'\n", "the id 'a' is that of A as well", 5, ["id"]),
            ("def f(:\n", "SyntaxError", 2, None),
            ("import os\nimport nowhere_to_be_had\n", "needs the package 'nowhere_to_be_had'", 3, None),
            ("import sys\nsys.exit(4)\n", "called sys.exit(4)", 3, None),
            ("import other\n", "ZeroDivisionError: division by zero", 2, None),
        ],
    )
    def test_says_where_a_definition_is_wrong(self, start: Start, text: str, message: str, line: int, place: list[str] | None) -> None:
        imports = "from cupbearer_bridge.plugin import Detector, LayerDetector, fields\n"
        error = start(imports + text, other="\n1 / 0\n").ask("describe")["error"]
        assert message in error["message"]
        assert error["file"] == ("other.py" if "import other" in text else "detector.py")
        # Python 3.10 has calls of several lines at their first.
        assert error["line"] in (line, line + 1) if "max=2" in text else error["line"] == line
        assert error.get("place") == place

    def test_names_the_package_that_is_missing(self, start: Start, tmp_path: Path) -> None:
        text = "def load():\n    from skimage import io\nload()\n"
        error = start(text).ask("describe")["error"]
        assert error["missing"] == "skimage"
        assert error["line"] == 2
        assert error["traceback"].startswith('Traceback (most recent call last):\n  File "detector.py", line 3')
        assert str(tmp_path) not in error["traceback"]

    def test_takes_the_list_of_definitions(self, start: Start) -> None:
        text = MEAN + "\n\nclass Other(MeanDistance):\n    id = 'other'\n    summary = 'O'\n\ndefinitions = [Other]\n"
        assert [described["id"] for described in start(text).ask("describe")["definitions"]] == ["other"]

    def test_keeps_names_of_python_itself(self, start: Start, tmp_path: Path) -> None:
        (tmp_path / "plugin").mkdir()
        (tmp_path / "plugin" / "random.py").write_text(MEAN)
        process = PluginProcess(tmp_path / "plugin", tmp_path / "exchange", "random.py")
        process.hello()
        assert len(process.ask("describe")["definitions"]) == 1
        assert process.close()[0] == 0


class TestFitting:
    def test_scores_in_another_process_as_in_this_one(self, start: Start) -> None:
        trusted = batches()
        process = start(MEAN)
        state = process.kept(process.fit("mean-distance", trusted, {"power": 3})["state"])
        tested = batches(1)[0]
        assert process.ask("load", definition="mean-distance", params={"power": 3}, state=state, seed=0) == {"loaded": True}
        scores = process.scores(tested)
        status, printed = process.close()
        assert status == 0
        assert printed == "fitting a 4\nfitting b 3\n"
        for layer, values in tested.items():
            mean = np.concatenate([batch[layer] for batch in trusted]).mean(0, dtype=np.float64)
            assert scores[layer] == pytest.approx((np.abs(values - mean) ** 3).sum(1), rel=1e-12)

        other = start(MEAN)
        other.ask("load", definition="mean-distance", params={"power": 3}, state=state, seed=0)
        again = other.scores(tested)
        assert all(np.array_equal(scores[layer], again[layer]) for layer in tested)

    def test_streams_as_often_as_wanted(self, start: Start) -> None:
        text = """
from cupbearer_bridge.plugin import Detector

class Streaming(Detector):
    id = "streaming"
    summary = "Streams"

    def fit(self, features):
        trusted = features.trusted
        first = next(trusted.batches())
        count = sum(len(batch) for batch in trusted.batches())
        second = trusted["a"]
        second += 1
        third = trusted["a"]
        assert (second == third + 1).all() and len(trusted) == count == len(second)
        assert (first["a"] == third[: len(first)]).all() and first.layers == ("a", "b")
        kept = [batch["b"] for batch in trusted.batches()]
        self.state["b"] = __import__("numpy").concatenate(kept)
        self.progress(1, 2, "Halfway")
        self.log("all", 60, "seen")

    def score(self, batch):
        return batch.indices * 2
"""
        process = start(text)
        trusted = batches()
        state = process.kept(process.fit("streaming", trusted)["state"])
        assert np.array_equal(process.got(state["tensors"]["b"]), np.concatenate([batch["b"] for batch in trusted]))
        assert process.reports == [
            {"say": "progress", "phase": "Halfway", "done": 1, "total": 2},
            {"say": "log", "text": "all 60 seen"},
        ]
        process.ask("load", definition="streaming", params={}, state=state, seed=0)
        assert process.scores(trusted[0])["output"].tolist() == list(range(0, 40, 2))

    @pytest.mark.parametrize(
        ("fit", "score", "message", "line"),
        [
            ("1 / 0", "0", "ZeroDivisionError: division by zero", 6),
            ("self.state['f'] = print", "0", "state['f']: expected an array, a number, a word or bytes, found builtin_function_or_method", 6),
            ("return {'mean': 1}", "0", "fit returned dict. What it learns belongs into self.state", 5),
            ("features.trusted['c']", "0", "'c' is no layer here. There are 'a', 'b'.", 6),
            ("features.untrusted", "0", "needs = {'untrusted': True} asks for them", 6),
            ("self.mean = 1", "return self.mean", "self.state['mean'] = ...", 9),
            ("self.state['m'] = 1", "return self.state['n']", "'n': fit put no such thing into the state. It has 'm'.", 9),
            ("pass", "return batch['a']", "expected a score a sample, [20], of layer 'output', found the shape [20, 4]", 8),
            ("pass", "return {'a': [float('nan')] * 20}", "expected finite scores, found 20 of 20 of layer 'a' that are not, such as nan", 8),
            ("pass", "return None", "expected a score a sample, [20], of layer 'output', found None", 8),
            ("pass", "return ['x'] * 20", "found list of <U1", 8),
            ("pass", "return {}", "expected scores of at least one layer, found none", 8),
            ("pass", "import os; os.environ[None]", "TypeError", 9),
        ],
    )
    def test_says_what_is_wrong_and_in_which_line(self, start: Start, fit: str, score: str, message: str, line: int) -> None:
        text = (
            "from cupbearer_bridge.plugin import Detector\nclass A(Detector):\n    id = 'a'\n    summary = 'A'\n"
            f"    def fit(self, features):\n        {fit}\n        pass\n    def score(self, batch):\n        {score}\n"
        )
        process = start(text)
        answer = process.fit("a", batches())
        if "error" not in answer:
            process.ask("load", definition="a", params={}, state=process.kept(answer["state"]), seed=0)
            answer = process.scores(batches()[0])
        assert message in answer["error"]["message"]
        assert (answer["error"]["file"], answer["error"]["line"]) == ("detector.py", line)

    def test_stops_when_cancelled(self, start: Start) -> None:
        text = """
from cupbearer_bridge.plugin import Detector

class Endless(Detector):
    id = "endless"
    summary = "Never ends"

    def fit(self, features):
        while True:
            try:
                for batch in features.trusted.batches():
                    pass
                self.progress(0, 1)
            except Exception:
                pass

    def score(self, batch):
        return batch.indices
"""
        process = start(text)
        layers = [{"name": "a", "dims": 2}]
        process.send({"ask": "fit", "id": 7, "definition": "endless", "params": {}, "layers": layers, "trusted": {"length": 0}, "seed": 0})
        assert process.receive() == {"call": "batch", "of": 7, "stream": "trusted", "restart": True}
        process.send({"ask": "cancel", "of": 6})
        process.send({"ask": "take", "batch": None})
        while "call" not in (answer := process.receive() or {}):
            assert answer["say"] == "progress"
        process.send({"ask": "cancel", "of": 7})
        process.send({"ask": "take", "batch": None})
        assert process.receive() == {"id": 7, "error": {"message": "Cancelled.", "cancelled": True}}
        assert "definitions" in process.ask("describe")
        assert process.close()[0] == 0

    def test_ends_with_the_program(self, start: Start) -> None:
        text = MEAN.replace('print("fitting", layer, layer.dims)', "while True: pass")
        process = start(text)
        process.send(
            {"ask": "fit", "id": 7, "definition": "mean-distance", "params": {}, "layers": [], "trusted": {"length": 0}, "seed": 0}
        )
        assert process.receive() == {"id": 7, "state": {"tensors": {}, "values": {}}}
        layers = [{"name": "a", "dims": 2}]
        process.send(
            {"ask": "fit", "id": 8, "definition": "mean-distance", "params": {}, "layers": layers, "trusted": {"length": 0}, "seed": 0}
        )
        while "call" not in (process.receive() or {}):
            pass
        process.send({"ask": "take", "batch": None})
        assert process.close()[0] == 0

    def test_draws_numbers_from_the_seed(self) -> None:
        class Drawn(LayerDetector):
            id = "drawn"
            summary = "Random numbers"

            def fit_layer(self, x: Any, layer: Any) -> Any:
                return {"own": self.rng.random(2), "shared": np.random.random(2)}

            def score_layer(self, x: Any, state: Any) -> Any:
                return np.full(len(x), state["own"][0])

        x = np.zeros((3, 2))
        states = [dict(fitted(Drawn, trusted={name: x for name in names}, seed=seed).detector.state) for names, seed in [("ab", 0), ("a", 0), ("a", 1)]]
        assert np.array_equal(states[0]["a.own"], states[1]["a.own"])
        assert not np.array_equal(states[0]["a.own"], states[0]["b.own"])
        assert not np.array_equal(states[1]["a.own"], states[2]["a.own"])
        assert np.array_equal(states[0]["a.shared"], states[1]["a.shared"])

    def test_gives_parameters_as_attributes(self) -> None:
        seen: list[Any] = []

        class Many(Detector):
            id = "many"
            summary = "Parameters"
            params = {"n": fields.number(default=2), "i": fields.integer(), "names": fields.names(), "c": fields.choice(["x", "y"])}

            def __init__(self) -> None:
                seen.append(self.params.n)

            def fit(self, features: Any) -> None:
                seen.extend([self.params.i, self.params.names, self.params.c])

            def score(self, batch: Any) -> Any:
                return batch["a"][:, 0]

        result = fitted(Many, trusted={"a": np.arange(6).reshape(3, 2)}, i=4, c="y")
        assert seen == [2.0, 4, None, "y", 2.0]
        assert result.score({"a": [[5, 6]]})["output"].tolist() == [5]
        with pytest.raises(TypeError, match="expected parameters among n, i, names, c, found k"):
            fitted(Many, trusted={"a": np.zeros((3, 2))}, k=4)
        with pytest.raises(TypeError, match="i: expected integer, found 'four'"):
            fitted(Many, trusted={"a": np.zeros((3, 2))}, i="four")

    def test_gives_untrusted_samples_and_their_labels(self) -> None:
        class Skyline(LayerDetector):
            id = "skyline"
            summary = "Knows"
            needs = {"untrusted": True, "anomaly_labels": True}

            def fit_layer(self, x: Any, layer: Any) -> Any:
                marks = self.features.untrusted.anomalous
                assert marks is not None
                return {"way": x[marks == 1].mean(0) - x[marks == 0].mean(0)}

            def score_layer(self, x: Any, state: Any) -> Any:
                return x @ state["way"]

        made = fitted(Skyline, untrusted={"a": [[0, 0], [1, 1], [0, 1]]}, anomalous=[0, 1, 0], batch_size=2)
        assert made.score({"a": [[2, 0]]})["a"].tolist() == [2]


class TestState:
    def test_comes_back_as_it_was(self) -> None:
        state = State(
            {
                "double": np.linspace(0, 1, 6).reshape(2, 3),
                "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
                "long": np.array([[2**40, -1]]),
                "mask": np.array([True, False]),
                "half": np.float16([1.5]),
                "words": np.array(["é", "bc"]),
                "scalar": np.array(3.5),
                "empty": np.zeros((0, 4), np.int64),
                "list": [1, 2],
                "whole": 3,
                "large": 2**70,
                "real": 3.0,
                "infinite": -np.inf,
                "yes": True,
                "word": "x",
                "numpy": np.int64(4),
                "model": pickle.dumps({"a": 1}),
                "none": b"",
            }
        )
        tensors, values = to_stored(state)
        assert {array.dtype.name for array in tensors.values()} <= {"float32", "float64", "int32", "uint8"}
        # As JavaScript writes them: whole numbers have no point.
        text = json.dumps({key: int(value) if value == 3.0 else value for key, value in values.items()}, allow_nan=False)
        again = from_stored(tensors, json.loads(text))
        assert set(again) == set(state)
        for name, value in state.items():
            assert type(again[name]) is type(value), name
            if isinstance(value, np.ndarray):
                assert (again[name].dtype, again[name].shape) == (value.dtype, value.shape), name
            assert np.array_equal(again[name], value), name

    def test_takes_no_objects(self) -> None:
        for value in (None, {"a": 1}, np.array([None]), object()):
            with pytest.raises(TypeError, match="expected an array, a number, a word or bytes"):
                State({"x": value})
        stored = {"x": np.zeros(8, np.uint8)}
        with pytest.raises(ValueError, match="expected numbers or words"):
            from_stored(stored, {"python.types": json.dumps({"x": {"dtype": "O", "shape": [1]}})})


class TestOtherKinds:
    def test_makes_datasets(self, start: Start) -> None:
        text = """
import numpy as np
from cupbearer_bridge.plugin import Dataset, fields

class Squares(Dataset):
    '''Squares of two sizes.'''
    id = "squares"
    classes = ["small", "large"]
    params = {"count": fields.integer(default=4, min=2)}

    def train(self):
        images = np.zeros((self.params.count, 6, 6), np.uint8)
        images[:, :3, :3] = self.rng.integers(256)
        return images, np.arange(len(images)) % 2

    def test(self):
        return np.full((2, 6, 6, 3), 0.5), [1, 0]

class Pairs(Dataset):
    '''As PyTorch has them.'''
    id = "pairs"

    def train(self):
        return [(np.full((3, 4, 5), place / 10), place) for place in range(3)]

    def test(self):
        return np.zeros((2, 4, 5, 3)), [0.5, 1]

class Words(Dataset):
    '''Texts.'''
    id = "words"
    vocabulary = ["a", "b"]

    def train(self):
        return np.array([[0, 1, 1]]), np.array([0])

    def test(self):
        return np.array([[0, 2]]), np.array([0])
"""
        process = start(text)
        assert [found["kind"] for found in process.ask("describe")["definitions"]] == ["dataset"] * 3

        def asked(definition: str, half: str) -> Any:
            return process.ask("dataset", definition=definition, params={"count": 3} if definition == "squares" else {}, half=half, seed=4)

        made = asked("squares", "train")["dataset"]
        assert made["classes"] == ["small", "large"]
        assert process.got(made["inputs"]).shape == (3, 6, 6, 1) and made["inputs"]["type"] == "uint8"
        assert process.got(made["labels"]).tolist() == [0, 1, 0]
        assert process.got(asked("squares", "test")["dataset"]["inputs"]).tolist() == np.full((2, 6, 6, 3), 0.5).tolist()
        pairs = asked("pairs", "train")["dataset"]
        assert pairs["inputs"]["shape"] == [3, 4, 5, 3] and pairs["classes"] == ["0", "1", "2"]
        words = asked("words", "train")["dataset"]
        assert process.got(words["inputs"]).tolist() == [[0, 1, 1]] and words["vocabulary"] == ["a", "b"]
        for definition, message, line in [
            ("pairs", "test: expected labels as whole numbers, [2], found float64 of shape [2]", 26),
            ("words", "test: expected texts [n, length] of numbers from 0 to 1", 37),
        ]:
            error = asked(definition, "test")["error"]
            assert message in error["message"] and error["line"] == line

    def test_changes_samples(self, start: Start) -> None:
        text = """
from cupbearer_bridge.plugin import Trigger, fields

class Dot(Trigger):
    '''A dot anywhere.'''
    id = "dot"
    params = {"value": fields.number(default=1, min=0, max=1)}

    def change(self, image, rng):
        image[rng.integers(len(image)), 0] = self.params.value

class Word(Trigger):
    '''A word in front.'''
    id = "word"
    changes = "texts"

    def change(self, tokens, rng):
        return [self.vocabulary.index("cf"), *tokens[:-1]]

class Wrong(Trigger):
    '''Cuts.'''
    id = "wrong"

    def change(self, image, rng):
        return image[1:]
"""
        process = start(text)
        assert [found["changes"] for found in process.ask("describe")["definitions"]] == ["images", "texts", "images"]
        seeds = process.put("seeds", np.int32([5, -6, 5]))
        images = process.put("images", np.zeros((3, 8, 8, 1), np.float32))
        changed = process.got(process.ask("trigger", definition="dot", params={"value": 0.5}, samples=images, seeds=seeds)["samples"])
        assert [np.count_nonzero(image) for image in changed] == [1, 1, 1] and changed.max() == 0.5
        assert np.array_equal(changed[0], changed[2]) and not np.array_equal(changed[0], changed[1])
        tokens = process.put("tokens", np.float32([[0, 1], [1, 1], [0, 0]]))
        answer = process.ask("trigger", definition="word", params={}, samples=tokens, seeds=seeds, vocabulary=["the", "end", "cf"])
        assert process.got(answer["samples"]).tolist() == [[2, 0], [2, 1], [2, 0]]
        error = process.ask("trigger", definition="wrong", params={}, samples=images, seeds=seeds)["error"]
        assert "change: expected finite numbers of shape [8, 8, 1], found float32 of shape [7, 8, 1]" in error["message"]

    def test_opens_what_gives_activations(self, start: Start) -> None:
        text = """
import numpy as np
from cupbearer_bridge.plugin import Model

class Lengths:
    def activations(self, batch, layers):
        values = {"length": np.array([[len(text), 1] for text in batch]), "wide": np.ones((len(batch), 4, 3))}
        return values if layers is None else {layer: values[layer] for layer in layers}

class Measured(Model):
    '''Texts by their lengths.'''
    id = "measured"
    anomalous = "Long"
    batch_size = 2

    def load(self):
        return Lengths()

    def dataset(self):
        return {"trusted": ["a", "bc"], "test": {"normal": ["d"] * 3, "anomalous": ["efg"] * 3}}
"""
        process = start(text)
        opened = process.ask("open", definition="measured", params={}, seed=0)["opened"]
        assert opened["layers"] == [
            {"name": "length", "shape": [2], "isRagged": False},
            {"name": "wide", "shape": [4, 3], "isRagged": False},
        ]
        assert opened["parts"]["test"]["texts"] == ["d"] * 3 + ["efg"] * 3
        assert process.got(opened["parts"]["test"]["labels"]).tolist() == [0, 0, 0, 1, 1, 1]
        answer = process.ask("activations", part="test", indices=process.put("rows", np.int32([5, 0, 1])), layers=["length"], logits=False)
        assert process.got(answer["activations"]["length"]).tolist() == [[3, 1], [1, 1], [1, 1]]


class TestProtocol:
    def test_says_so_where_python_is_too_old_or_lacks_numpy(self) -> None:
        frame = json.dumps({"ask": "hello", "id": 3}).encode()
        cases = [
            ("import sys; sys.version_info = (3, 8, 1)", "Plugins need Python 3.10 or newer. This is Python 3.8", None),
            ("import sys; sys.modules['numpy'] = None", "This Python lacks numpy", "numpy"),
        ]
        for preparation, message, missing in cases:
            code = f"{preparation}\nfrom cupbearer_bridge.plugin import run\nrun.main()"
            ended = subprocess.run(
                [sys.executable, "-c", code], input=struct.pack("<I", len(frame)) + frame, capture_output=True, env={"PYTHONPATH": str(PACKAGE)}
            )
            answer = json.loads(ended.stdout[4:])
            assert answer["id"] == 3
            assert message in answer["error"]["message"]
            assert answer["error"].get("missing") == missing

    def test_can_be_read_by_old_versions_of_python(self) -> None:
        package = PACKAGE / "cupbearer_bridge"
        for file in (package / "__init__.py", package / "plugin" / "__init__.py", package / "plugin" / "run.py"):
            ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 6))

    def test_needs_nothing_but_numpy(self) -> None:
        code = (
            "import sys\nfrom cupbearer_bridge.plugin import Detector, fitted, serving\n"
            "foreign = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'numpy', 'cupbearer_bridge', '__main__'}\n"
            "print(sorted(name for name in foreign if not name.startswith(('_', 'sitecustomize', 'distutils'))))"
        )
        ended = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(PACKAGE)!r})\n{code}"], capture_output=True, text=True)
        assert ended.stdout == "[]\n", ended.stderr

    def test_refuses_another_protocol(self, start: Start) -> None:
        error = start(MEAN, hello=False).hello(protocol=2)["error"]
        assert "expected version 1 of the protocol, found 2" in error["message"]

    def test_refuses_arrays_that_do_not_lie_in_their_file(self, start: Start) -> None:
        process = start(MEAN)
        state = process.kept(process.fit("mean-distance", batches())["state"])
        state["tensors"]["a.mean"]["shape"] = [2**40]
        process.send({"ask": "load", "id": 9, "definition": "mean-distance", "params": {}, "state": state, "seed": 0})
        assert process.receive() is None
        status, printed = process.close()
        assert status == 3
        assert "The program sent what is no question: expected 8796093022208 bytes" in printed

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"null", b"[]", b'"x"', b"{}", b"{", b"\xff\xfe", b'{"ask":"hello"}', b'{"ask":["fit"]}', b"[" * 100_000),
            *(b'{"ask":"describe","id":NaN}', b'{"ask":"describe","id":-1}', b'{"ask":"describe","id":1,"more":2}'),
            b'{"ask":"score","id":1,"batch":{"size":1,"indices":{"file":"../x","at":0,"type":"int32","shape":[1]}}}',
        ],
    )
    def test_ends_at_what_is_no_question(self, start: Start, body: bytes) -> None:
        process = start(MEAN)
        process.send_raw(body)
        assert process.receive() is None
        status, printed = process.close()
        assert status == 3
        assert printed.startswith("The program sent what is no question: ")

    def test_neither_hangs_nor_crashes_whatever_arrives(self, start: Start) -> None:
        """Mutates frames of a good conversation; each process must answer, or end with a sentence."""
        rng = random.Random(5)
        place = {"file": "take-0", "at": 0, "type": "float32", "shape": [2, 3]}
        ints = {**place, "type": "int32", "shape": [2]}
        batch = {"size": 2, "indices": ints, "labels": ints, "layers": {"a": place}}
        good: list[dict[str, Any]] = [
            {"ask": "describe", "id": 1},
            {
                **{"ask": "fit", "id": 2, "definition": "mean-distance", "params": {"power": 2}, "seed": 0},
                **{"layers": [{"name": "a", "dims": 3}], "trusted": {"length": 2}},
            },
            {"ask": "take", "batch": batch},
            {"ask": "take", "batch": None},
            {
                **{"ask": "load", "id": 3, "definition": "mean-distance", "params": {}, "seed": 0},
                "state": {"tensors": {"a.mean": {**place, "shape": [3]}}, "values": {}},
            },
            {"ask": "score", "id": 4, "batch": batch},
            {"ask": "cancel", "of": 2},
        ]
        values = [None, True, -1, 0, 2**53, 2**80, 1.5, "", "fit", "../etc", "x" * 600, [], {}, [[1]], {"a": {"b": 1}}]

        def mutated(value: Any, chance: float) -> Any:
            if rng.random() < chance:
                return rng.choice(values)
            if isinstance(value, dict):
                kept = {key: mutated(item, chance) for key, item in value.items() if rng.random() > chance / 2}
                return {**kept, "more": 1} if rng.random() < chance / 4 else kept
            return [mutated(item, chance) for item in value] if isinstance(value, list) else value

        outcomes = set()
        for _ in range(24):
            process = start(MEAN)
            process.put("take-0", np.zeros(64, np.float32))
            chance = rng.choice([0.003, 0.01, 0.05])
            stream = b"".join(
                struct.pack("<I", len(body)) + body for frame in good for body in [json.dumps(mutated(frame, chance)).encode()]
            )
            if rng.random() < 0.3:
                at = rng.randrange(len(stream))
                stream = stream[:at] + rng.randbytes(rng.randrange(8)) + stream[at + rng.randrange(8) :]
            output, printed = process.process.communicate(stream, timeout=30)
            outcomes.add(process.process.returncode)
            assert process.process.returncode in (0, 3), printed
            assert b"Traceback" not in printed, printed
            while output:
                (length,) = struct.unpack("<I", output[:4])
                answer = json.loads(output[4 : 4 + length])
                assert "id" in answer or "call" in answer or "say" in answer
                output = output[4 + length :]
        assert outcomes == {0, 3}


def test_faults_without_a_source_have_no_place() -> None:
    made = type("Made", (Detector,), {"id": "made", "summary": "Made"})
    with pytest.raises(Fault, match="expected the method fit, found none"):
        made.describe()
