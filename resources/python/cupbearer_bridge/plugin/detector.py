"""Detectors: what they learn from, and the classes that they derive from."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .definition import Definition, class_line, generator_for
from .faults import Fault, code_of
from .state import State, to_array

Floats = NDArray[np.float32]

#: The name for scores that belong to the whole sample rather than to one layer.
_OUTPUT = "output"
#: Bytes of all layers together up to which one pass reads them all, whichever is asked for first.
_MOST_KEPT = 2**31

_NEEDS = {
    "trusted": "trusted",
    "untrusted": "untrusted",
    "anomaly_labels": "anomalyLabels",
    "logits": "logits",
    "inputs": "inputs",
    "images": "images",
    "layers": "layers",
}


class Layer(str):
    """The name of a layer, which also knows how many numbers a sample has there."""

    dims: int

    def __new__(cls, name: str, dims: int) -> Layer:
        layer = super().__new__(cls, name)
        layer.dims = dims
        return layer


@dataclass(frozen=True)
class Batch:
    """Some samples: ``batch[layer]`` has their activations, ``[size, dims]`` float32."""

    activations: Mapping[str, Floats]
    #: Places of the samples in their data, and their classes, ``[size]``.
    indices: NDArray[np.int32]
    labels: NDArray[np.int32]
    #: The model's outputs ``[size, classes]``, where ``needs`` asks for them.
    logits: Floats | None = None
    #: The samples themselves ``[size, ...]``, where ``needs`` asks for them.
    inputs: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(self.activations)

    def __getitem__(self, layer: str) -> Floats:
        values: Floats = _of_layer(self.activations, layer)
        return values


def _of_layer(values: Mapping[str, Any], layer: str) -> Any:
    if layer in values:
        return values[layer]
    near = difflib.get_close_matches(str(layer), values, 1)
    known = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(map(repr, list(values)[:12])) or 'none'}."
    raise KeyError(f"{layer!r} is no layer here. {known}")


class Stream:
    """Samples to learn from, in an order that stays the same.

    ``stream[layer]`` is all of a layer in memory, ``[n, dims]`` float32, yours to change. ``stream.batches()`` goes through the
    samples batch by batch, as often as it is called.
    """

    def __init__(
        self,
        name: str,
        length: int,
        layers: tuple[Layer, ...],
        take: Callable[[str, bool], Batch | None],
        anomalous: NDArray[np.uint8] | None = None,
    ) -> None:
        self._name = name
        self._length = length
        self._layers = layers
        self._take = take
        self._pass = 0
        self._kept: dict[str, Floats] = {}
        #: Which samples are anomalous (1), ``[n]``, where ``needs`` asks for it.
        self.anomalous = anomalous

    def __len__(self) -> int:
        return self._length

    def batches(self) -> Iterator[Batch]:
        """Yields all samples in batches. :raises RuntimeError: if another pass over them has begun meanwhile."""
        self._pass += 1
        this = self._pass
        restart = True
        while True:
            if this != self._pass:
                raise RuntimeError(f"Another pass over the {self._name} samples has begun before this one was through.")
            batch = self._take(self._name, restart)
            restart = False
            if batch is None:
                return
            yield batch

    def __getitem__(self, layer: str) -> Floats:
        if layer not in self._kept:
            self._read(layer)
        return self._kept.pop(layer)

    def _read(self, layer: str) -> None:
        dims = {str(known): known.dims for known in self._layers}
        _of_layer(dims, layer)
        is_first = self._pass == 0
        fits = 4 * self._length * sum(dims.values()) <= _MOST_KEPT
        wanted = list(dims) if is_first and fits else [layer]
        arrays = {name: np.empty((self._length, dims[name]), np.float32) for name in wanted}
        at = 0
        for batch in self.batches():
            for name, array in arrays.items():
                array[at : at + len(batch)] = batch[name]
            at += len(batch)
        if at != self._length:
            raise RuntimeError(f"expected {self._length} {self._name} samples, found {at}.")
        self._kept.update(arrays)


class Features:
    """What a detector may learn from: that which its ``needs`` ask for."""

    def __init__(self, layers: tuple[Layer, ...], trusted: Stream | None, untrusted: Stream | None) -> None:
        self.layers = layers
        self._trusted = trusted
        self._untrusted = untrusted

    @property
    def trusted(self) -> Stream:
        return self._granted(self._trusted, "trusted")

    @property
    def untrusted(self) -> Stream:
        return self._granted(self._untrusted, "untrusted")

    @staticmethod
    def _granted(stream: Stream | None, name: str) -> Stream:
        if stream is None:
            raise LookupError(f"There are no {name} samples: needs = {{'{name}': True}} asks for them.")
        return stream


class Detector(Definition):
    """A detection method. ``fit`` puts what it learns into ``self.state``; ``score`` sees that and ``self.params``, nothing else.

    The two run in different processes, perhaps weeks apart: any other attribute that ``fit`` sets is gone when ``score`` runs.
    """

    kind = "detector"
    #: ``trusted``, ``untrusted``, ``anomaly_labels``, ``logits``, ``inputs``, ``images``: True; ``layers``: the fewest it works on, 0 for none.
    needs: ClassVar[Mapping[str, bool | int]] = {"trusted": True}
    #: Whether a score depends on what else is in its batch.
    depends_on_batch: ClassVar[bool] = False
    #: Why scores depend on the scale of activations, if they rank samples differently on another scale.
    depends_on_scale: ClassVar[str | None] = None

    state: State

    def _prepare(self) -> None:
        self.state = State()

    def fit(self, features: Features) -> None:
        """Learns from the features, and writes into ``self.state``."""
        raise NotImplementedError

    def score(self, batch: Batch) -> Mapping[str, Any] | Any:
        """Returns a score a sample, ``[size]``, by layer, or an array alone; higher is more anomalous."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        message = f"{type(self).__name__!r} has no attribute {name!r}."
        if not name.startswith("__"):
            message += f" Scoring has only what fit put into self.state: self.state[{name!r}] = ..."
        raise AttributeError(message, name=name, obj=self)

    @classmethod
    def describe(cls) -> dict[str, Any]:
        described = super().describe()
        where = class_line(cls)
        if not isinstance(cls.needs, Mapping):
            raise Fault(f"{cls.id}: expected needs as a dict such as {{'trusted': True}}, found {cls.needs!r:.80}.", where=where, place=["needs"])
        needs = {}
        for name, value in cls.needs.items():
            if name not in _NEEDS:
                raise Fault(f"{cls.id}: needs: expected {', '.join(_NEEDS)}, found {name!r}.", where=where, place=["needs", str(name)])
            right = isinstance(value, int) and (isinstance(value, bool) != (name == "layers")) and 0 <= value <= 1_000
            if not right:
                wanted = "a number from 0" if name == "layers" else "True or False"
                raise Fault(f"{cls.id}: needs: expected {wanted} for {name!r}, found {value!r:.80}.", where=where, place=["needs", str(name)])
            needs[_NEEDS[name]] = value
        described["needs"] = needs
        for pair in cls._methods():
            if all(getattr(cls, method) is getattr(_BASES[cls._base()], method) for method in pair):
                raise Fault(f"{cls.id}: expected the method {pair[0]}, found none.", where=where, place=[pair[0]])
        if cls.depends_on_batch:
            described["dependsOnBatch"] = True
        if cls.depends_on_scale is not None:
            described["dependsOnScale"] = str(cls.depends_on_scale)[:500]
        return described

    @classmethod
    def _base(cls) -> str:
        return "layers" if issubclass(cls, LayerDetector) else "all"

    @classmethod
    def _methods(cls) -> list[tuple[str, ...]]:
        return [("fit_layer", "fit"), ("score_layer", "score")] if cls._base() == "layers" else [("fit",), ("score",)]

    def run_fit(self, features: Features) -> State:
        """Runs ``fit`` and returns the state. :raises Fault: if it returned something in its place."""
        returned = self.fit(features)  # type: ignore[func-returns-value]
        if returned is not None:
            message = f"fit returned {type(returned).__name__}. What it learns belongs into self.state: self.state['mean'] = ..."
            raise Fault(message, where=code_of(self.fit))
        return self.state

    def run_score(self, batch: Batch) -> dict[str, NDArray[np.float64]]:
        """Runs ``score`` and returns finite scores by layer, ``[size]``. :raises Fault: for anything else."""
        returned = self.score(batch)
        scores = returned if isinstance(returned, Mapping) else {_OUTPUT: returned}
        method = self.score_layer if isinstance(self, LayerDetector) and _inherits(self, "score") else self.score
        if not scores:
            raise Fault("expected scores of at least one layer, found none.", where=code_of(method))
        return {str(layer): self._checked(str(layer), value, len(batch), method) for layer, value in scores.items()}

    def _checked(self, layer: str, value: Any, size: int, method: Callable[..., Any]) -> NDArray[np.float64]:
        found = "None" if value is None else None
        if found is None:
            array = to_array(value)
            if array.dtype.kind not in "biuf":
                found = f"{type(value).__name__} of {array.dtype}"
            elif array.shape != (size,):
                found = f"the shape {list(array.shape)}"
        if found is not None:
            message = f"{method.__name__}: expected a score a sample, [{size}], of layer {layer!r}, found {found}."
            raise Fault(message, where=code_of(method))
        scores = array.astype("<f8")
        infinite = int(size - np.isfinite(scores).sum())
        if infinite > 0:
            worst = scores[~np.isfinite(scores)][0]
            message = f"{method.__name__}: expected finite scores, found {infinite} of {size} of layer {layer!r} that are not, such as {worst}."
            raise Fault(message, where=code_of(method))
        return scores


class LayerDetector(Detector):
    """A detection method that looks at each layer on its own: it needs ``fit_layer`` and ``score_layer`` only.

    It learns from the trusted samples, or from the untrusted ones where ``needs`` asks for those alone. Where it asks for both,
    ``self.features.untrusted[layer]`` has the others.
    """

    features: Features

    def fit_layer(self, x: Floats, layer: Layer) -> Mapping[str, Any]:
        """Returns what is learned of a layer's activations ``[n, dims]``: arrays, numbers and words by name."""
        raise NotImplementedError

    def score_layer(self, x: Floats, state: Mapping[str, Any]) -> Any:
        """Returns a score a sample, ``[size]``, of activations ``[size, dims]``, with what ``fit_layer`` returned for this layer."""
        raise NotImplementedError

    def fit(self, features: Features) -> None:
        self.features = features
        stream = features.trusted if self.needs.get("trusted") else features.untrusted
        seed = self.seed
        for place, layer in enumerate(features.layers):
            self.progress(place, len(features.layers), "Fitting layers")
            # Of its own, so that it does not matter which other layers are looked at.
            self.rng = generator_for(seed, layer)
            learned = self.fit_layer(stream[layer], layer)
            if not isinstance(learned, Mapping):
                found = type(learned).__name__
                raise Fault(f"fit_layer: expected a dict such as {{'mean': x.mean(0)}}, found {found}.", where=code_of(self.fit_layer))
            for key, value in learned.items():
                if not isinstance(key, str) or "." in key:
                    raise Fault(f"fit_layer: expected names without dots, found {key!r}.", where=code_of(self.fit_layer))
                self.state[f"{layer}.{key}"] = value

    def score(self, batch: Batch) -> Mapping[str, Any]:
        return {layer: self.score_layer(batch[layer], self._learned(layer)) for layer in batch.layers}

    def _learned(self, layer: str) -> Mapping[str, Any]:
        by_layer: dict[str, State] | None = self.__dict__.get("_by_layer")
        if by_layer is None:
            by_layer = self.__dict__["_by_layer"] = {}
            for name, value in self.state.items():
                of, _, key = name.rpartition(".")
                by_layer.setdefault(of, State())[key] = value
        # A detector may have learned nothing of a layer.
        return by_layer.setdefault(layer, State())


_BASES: dict[str, type] = {"all": Detector, "layers": LayerDetector}


def _inherits(detector: Detector, method: str) -> bool:
    return getattr(type(detector), method) is getattr(LayerDetector, method)
