"""Answers the program's questions, one after another."""

from __future__ import annotations

import faulthandler
import os
import platform
import signal
import sys
from importlib import metadata
from typing import Any

import numpy as np

from .data import Dataset, Trigger
from .definition import Cancelled, Definition
from .detector import Batch, Detector, Features, Layer, Stream
from .exchange import Exchange
from .faults import Fault, described_fault
from .frames import Conversation
from .loading import definitions_in, load_entry
from .model import Model, OpenedModel, described_parts
from .questions import ProtocolError
from .state import from_stored, to_stored

PROTOCOL = 1

#: Packages whose versions a result may depend on.
_NOTED = ("numpy", "scipy", "scikit-learn", "pyod", "torch", "torchvision", "transformers", "datasets", "jax", "cupbearer", "xgboost", "lightgbm")

Question = dict[str, Any]


def serve(reader: int, writer: int) -> None:
    """Answers questions until the program closes its pipe."""
    # Ctrl-C reaches every process of a terminal; the program decides what it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True
    # A crash of the interpreter leaves a traceback in the log.
    faulthandler.enable(2)
    conversation = Conversation(reader, writer)
    server = Server(conversation)
    while (question := conversation.question()) is not None:
        try:
            answer = server.answer(question)
            conversation.send({"id": question["id"], **answer})
        except ProtocolError as error:
            os.write(2, f"The program sent what is no question: {error}\n".encode())
            os._exit(3)
        except BaseException as error:
            conversation.send({"id": question["id"], "error": server.fault(error)})


class Server:
    """A plugin at work."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._folder = ""
        self._entry = ""
        self._exchange: Exchange | None = None
        self._definitions: dict[tuple[str, str], type[Definition]] | None = None
        self._detector: Detector | None = None
        self._opened: OpenedModel | None = None

    def answer(self, question: Question) -> dict[str, Any]:
        ask = question["ask"]
        if ask == "hello":
            return self._hello(question)
        if ask == "describe":
            return {"definitions": [cls.describe() for cls in self._known().values()]}
        if ask == "fit":
            return self._fit(question)
        if ask == "load":
            return self._load(question)
        if ask == "score":
            return self._score(question)
        if ask == "open":
            return self._open(question)
        if ask == "activations":
            return self._activations(question)
        if ask == "dataset":
            return self._dataset(question)
        return self._change(question)

    def fault(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, Cancelled):
            return {"message": "Cancelled.", "cancelled": True}
        return described_fault(error, self._folder)

    def _hello(self, question: Question) -> dict[str, Any]:
        if question["protocol"] != PROTOCOL:
            found = question["protocol"]
            raise Fault(f"expected version {PROTOCOL} of the protocol, found {found}: the program and its Python package are of different versions.")
        self._folder = question["folder"]
        self._entry = question["entry"]
        self._exchange = Exchange(question["exchange"])
        return {
            "hello": {
                "protocol": PROTOCOL,
                "language": "python",
                "version": platform.python_version(),
                "executable": sys.executable,
                "packages": {name: version for name in _NOTED if (version := _version(name)) is not None},
            }
        }

    @property
    def _arrays(self) -> Exchange:
        if self._exchange is None:
            raise ProtocolError("expected hello as the first question.")
        return self._exchange

    def _known(self) -> dict[tuple[str, str], type[Definition]]:
        if self._definitions is None:
            self._definitions = definitions_in(load_entry(self._folder, self._entry))
        return self._definitions

    def _made(self, kind: str, question: Question) -> Any:
        cls = self._known().get((kind, question["definition"]))
        if cls is None:
            raise Fault(f"{self._entry}: it has no {kind} {question['definition']!r}.")
        return cls.made(question["params"], question["seed"], self._conversation)

    def _fit(self, question: Question) -> dict[str, Any]:
        detector: Detector = self._made("detector", question)
        layers = tuple(Layer(layer["name"], layer["dims"]) for layer in question["layers"])
        streams = {name: self._stream(name, question[name], layers) for name in ("trusted", "untrusted") if name in question}
        tensors, values = to_stored(detector.run_fit(Features(layers, streams.get("trusted"), streams.get("untrusted"))))
        self._conversation.check()
        return {"state": {"tensors": self._arrays.write(tensors), "values": values}}

    def _stream(self, name: str, described: dict[str, Any], layers: tuple[Layer, ...]) -> Stream:
        anomalous = self._arrays.read(described["anomalous"]) if "anomalous" in described else None
        return Stream(name, described["length"], layers, self._take, anomalous)

    def _take(self, stream: str, restart: bool) -> Batch | None:
        batch = self._conversation.batch(stream, restart)
        return None if batch is None else self._batch(batch)

    def _batch(self, placed: dict[str, Any]) -> Batch:
        read = self._arrays.read
        size = placed["size"]
        batch = Batch(
            {name: read(place) for name, place in placed["layers"].items()},
            read(placed["indices"]),
            read(placed["labels"]),
            read(placed["logits"]) if "logits" in placed else None,
            read(placed["inputs"]) if "inputs" in placed else None,
        )
        arrays = [*batch.activations.values(), batch.indices, batch.labels, batch.logits, batch.inputs]
        if any(array is not None and (array.ndim == 0 or len(array) != size) for array in arrays):
            raise ProtocolError(f"expected arrays of {size} samples.")
        if any(array.ndim != 2 or array.dtype != np.float32 for array in batch.activations.values()):
            raise ProtocolError("expected activations as float32, [size, dims].")
        return batch

    def _load(self, question: Question) -> dict[str, Any]:
        detector: Detector = self._made("detector", question)
        tensors = {name: self._arrays.read(place) for name, place in question["state"]["tensors"].items()}
        detector.state = from_stored(tensors, question["state"]["values"])
        self._detector = detector
        return {"loaded": True}

    def _score(self, question: Question) -> dict[str, Any]:
        if self._detector is None:
            raise ProtocolError("expected a detector to be loaded before samples are scored.")
        scores = self._detector.run_score(self._batch(question["batch"]))
        self._conversation.check()
        return {"scores": self._arrays.write(scores)}

    def _open(self, question: Question) -> dict[str, Any]:
        # A task is a model with a question about it.
        kind = "task" if ("task", question["definition"]) in self._known() else "model"
        model: Model = self._made(kind, question)
        opened = self._opened = model.open()
        parts = described_parts(opened)
        placed = self._arrays.write({f"{name}.{key}": array for name, (_, arrays) in parts.items() for key, array in arrays.items()})
        return {
            "opened": {
                "layers": [{"name": name, "shape": list(layer.shape), "isRagged": layer.is_ragged} for name, layer in opened.layers.items()],
                **({} if opened.logits is None else {"logits": opened.logits}),
                "parts": {name: {**facts, **{key: placed[f"{name}.{key}"] for key in arrays}} for name, (facts, arrays) in parts.items()},
                "fingerprint": opened.fingerprint,
            }
        }

    def _activations(self, question: Question) -> dict[str, Any]:
        opened, part = self._opened, question["part"]
        if opened is None or part not in opened.parts:
            raise ProtocolError(f"expected a model with {part} samples to be open before its activations are asked for.")
        rows = self._arrays.read(question["indices"]).tolist()
        unknown = [layer for layer in question["layers"] if layer not in opened.layers]
        if unknown or (question["logits"] and opened.logits is None):
            raise ProtocolError(f"expected layers of the model, found {unknown or 'logits'}.")
        values, logits = opened.activations(part, rows, question["layers"], question["logits"])
        self._conversation.check()
        placed = self._arrays.write({**{f"layer {name}": value for name, value in values.items()}, **({} if logits is None else {"logits": logits})})
        answer = {"activations": {name: placed[f"layer {name}"] for name in values}}
        return answer if logits is None else {**answer, "logits": placed["logits"]}

    def _dataset(self, question: Question) -> dict[str, Any]:
        dataset: Dataset = self._made("dataset", question)
        inputs, labels, classes = dataset.arrays(question["half"])
        self._conversation.check()
        vocabulary = {} if dataset.vocabulary is None else {"vocabulary": [str(word) for word in dataset.vocabulary]}
        return {"dataset": {**self._arrays.write({"inputs": inputs, "labels": labels}), "classes": classes, **vocabulary}}

    def _change(self, question: Question) -> dict[str, Any]:
        trigger: Trigger = self._made("trigger", {"seed": 0, **question})
        trigger.vocabulary = question.get("vocabulary", ())
        samples, seeds = self._arrays.read(question["samples"]), self._arrays.read(question["seeds"])
        if samples.ndim < 2 or seeds.shape != (len(samples),):
            raise ProtocolError("expected samples [n, ...] and a seed for each.")
        changed = trigger.changed(samples, seeds)
        self._conversation.check()
        return self._arrays.write({"samples": changed})


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
