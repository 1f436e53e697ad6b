"""Fits and scores with a detector outside the program: in its tests, or in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .detector import Batch, Detector, Features, Layer, Stream
from .state import from_stored, to_stored

Activations = Mapping[str, Any]


class Fitted:
    """A detector that was fitted, saved and loaded again, as the program does it."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector

    def score(self, activations: Activations, **more: Any) -> dict[str, NDArray[np.float64]]:
        """Returns scores by layer, ``[n]``, of activations by layer, ``[n, dims]``; ``logits`` and ``inputs`` may be given as well."""
        return self.detector.run_score(_batch(_checked(activations), more))


def fitted(
    detector: type[Detector],
    *,
    trusted: Activations | None = None,
    untrusted: Activations | None = None,
    anomalous: Any = None,
    seed: int = 0,
    batch_size: int = 1024,
    **params: Any,
) -> Fitted:
    """Fits a detector to activations by layer, ``[n, dims]``, and loads what it saved into another instance.

    :param anomalous: which of the untrusted samples are anomalous, for detectors that need to know.
    :param params: values of its parameters; the others have their defaults.
    """
    detector.describe()
    unknown = set(params) - set(detector.params)
    if unknown:
        raise TypeError(f"{detector.id}: expected parameters among {', '.join(detector.params) or 'none'}, found {', '.join(sorted(unknown))}.")
    given = {name: _checked(values) for name, values in (("trusted", trusted), ("untrusted", untrusted)) if values is not None}
    for name in ("trusted", "untrusted"):
        if detector.needs.get(name) and name not in given:
            raise TypeError(f"{detector.id}: expected {name}=..., activations by layer, as it needs {name} samples.")
    first = next(iter(given.values()), {})
    layers = tuple(Layer(name, values.shape[1]) for name, values in first.items())
    places: dict[str, int] = {}

    def take(name: str, restart: bool) -> Batch | None:
        at = 0 if restart else places[name]
        part = {layer: values[at : at + batch_size].copy() for layer, values in given[name].items()}
        places[name] = at + batch_size
        batch = _batch(part, {})
        return batch if len(batch) > 0 else None

    marks = None if anomalous is None else np.asarray(anomalous, np.uint8)
    streams = {
        name: Stream(name, len(next(iter(values.values()))), layers, take, marks if name == "untrusted" else None)
        for name, values in given.items()
    }
    state = detector.made(params, seed).run_fit(Features(layers, streams.get("trusted"), streams.get("untrusted")))
    loaded = detector.made(params, seed)
    loaded.state = from_stored(*to_stored(state))
    return Fitted(loaded)


def _checked(activations: Activations) -> dict[str, NDArray[np.float32]]:
    arrays = {str(name): np.ascontiguousarray(values, np.float32) for name, values in activations.items()}
    shapes = {name: array.shape for name, array in arrays.items()}
    if not arrays or any(len(shape) != 2 for shape in shapes.values()) or len({shape[0] for shape in shapes.values()}) != 1:
        raise ValueError(f"expected activations [n, dims] by layer, of the same samples, found {shapes}.")
    return arrays


def _batch(activations: Mapping[str, NDArray[np.float32]], more: Mapping[str, Any]) -> Batch:
    size = len(next(iter(activations.values())))
    whole = np.arange(size, dtype=np.int32)
    return Batch(activations, whole, np.zeros(size, np.int32), **more)
