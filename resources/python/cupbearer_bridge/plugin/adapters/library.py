"""Detectors written for the Python library ``cupbearer`` (https://github.com/ejnnr/cupbearer), unchanged.

Its detectors learn from loaders that yield ``(batch, features)`` in ``_train`` and score by ``_compute_layerwise_scores``; here both
are given the activations of the program in place of those that the library's extractors read off a model.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from ..detector import Batch, Detector, Features, Stream
from ..fields import Field
from ..state import State
from .pickled import dumps, loads

#: The library's name for scores that belong to no layer.
_ALL = "all"


def library_detector(
    detector: type,
    *,
    id: str,
    title: str | None = None,
    summary: str | None = None,
    source: str = "https://github.com/ejnnr/cupbearer",
    params: Mapping[str, Field] | None = None,
    needs: Mapping[str, bool | int] | None = None,
    make: Callable[..., Any] | None = None,
) -> type[Detector]:
    """Returns a detector that runs one of the library's: ``library_detector(MahalanobisDetector, id="library-mahalanobis")``.

    :param params: fields by name; arguments of the class's constructor get theirs, all others are passed to its training.
    :param needs: what it learns from; by default what the class says by ``use_trusted`` and ``use_untrusted``.
    :param make: makes it, where the constructor wants more: it gets the names of the layers and the arguments of the constructor.
    """
    by_class = {
        name: True
        for name, asked in (("trusted", getattr(detector, "use_trusted", True)), ("untrusted", getattr(detector, "use_untrusted", False)))
        if asked
    }
    first = (inspect.getdoc(detector) or "").split("\n\n")[0] if detector.__doc__ else ""
    return type(
        detector.__name__,
        (_LibraryDetector,),
        {
            "id": id,
            "title": title or f"{detector.__name__} (library)",
            "summary": summary or " ".join(first.split())[:300] or f"{detector.__name__} of the library cupbearer",
            "source": source,
            "params": dict(params or {}),
            "needs": dict(by_class if needs is None else needs),
            "library_class": detector,
            "make": staticmethod(make) if make is not None else None,
            "__module__": __name__,
        },
    )


class _Loader:
    """A stream as the library's detectors take their data: pairs of a batch, as inputs and labels, and features."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.dataset = range(len(stream))
        self._count: int | None = None

    def __iter__(self) -> Iterator[tuple[tuple[Any, Any], dict[str, Any]]]:
        import torch

        count = 0
        for batch in self._stream.batches():
            count += 1
            yield (_inputs(batch), torch.from_numpy(batch.labels)), _features(batch)
        self._count = count

    def __len__(self) -> int:
        # How many batches there are is known after the first pass.
        if self._count is None:
            self._count = sum(1 for _ in self._stream.batches())
        return self._count


class _LibraryDetector(Detector):
    library_class: ClassVar[type]
    make: ClassVar[Callable[..., Any] | None]
    _loaded: Any = None

    def _made(self, layers: list[str]) -> tuple[Any, dict[str, Any]]:
        """Returns the library's detector, and the parameters that are its training's."""
        known = inspect.signature(self.library_class).parameters
        # A subclass hands on what it does not know itself.
        taken = {name for base in self.library_class.__mro__ for name in inspect.signature(base.__init__).parameters}  # type: ignore[misc]
        given = dict(vars(self.params))
        own = {key: given.pop(key) for key in list(given) if key in known or key in taken}
        if self.make is not None:
            return self.make(layers, **own), given
        if "activation_names" in taken:
            own["activation_names"] = layers
        return self.library_class(**own), given

    def fit(self, features: Features) -> None:
        layers = [str(layer) for layer in features.layers]
        detector, options = self._made(layers)
        detector._train(
            trusted_dataloader=_Loader(features.trusted) if self.needs.get("trusted") else None,
            untrusted_dataloader=_Loader(features.untrusted) if self.needs.get("untrusted") else None,
            **({"pbar": False} if "pbar" in inspect.signature(detector._train).parameters else {}),
            **options,
        )
        self.state["layers"] = json.dumps(layers)
        _Variables(self.state).write(detector._get_trained_variables())

    def score(self, batch: Batch) -> Mapping[str, Any]:
        import torch

        if self._loaded is None:
            self._loaded, _ = self._made(json.loads(self.state["layers"]))
            own = self.library_class.__module__.partition(".")[0]
            self._loaded._set_trained_variables(_Variables(self.state).read((own, "pyod", "scipy", "sklearn")))
        with torch.no_grad():
            scores = self._loaded._compute_layerwise_scores(inputs=_inputs(batch), features=_features(batch))
        return {"output" if layer == _ALL else layer: value for layer, value in scores.items()}


def _features(batch: Batch) -> dict[str, Any]:
    import torch

    return {layer: torch.from_numpy(batch[layer]) for layer in batch.layers}


def _inputs(batch: Batch) -> Any:
    import torch

    return None if batch.inputs is None else torch.from_numpy(batch.inputs)


class _Variables:
    """Trained variables, which may lie in dicts and lists of each other: arrays by number, and how they hang together."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._count = 0

    def write(self, value: Any) -> None:
        self._state["variables"] = json.dumps(self._put(value))

    def read(self, packages: tuple[str, ...]) -> Any:
        return self._get(json.loads(self._state["variables"]), packages)

    def _put(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, str)):
            return [value]
        if isinstance(value, Mapping):
            return {"items": [[self._put(key), self._put(item)] for key, item in value.items()]}
        if isinstance(value, (list, tuple)):
            return {"list": [self._put(item) for item in value]}
        name = f"variable.{self._count}"
        self._count += 1
        if hasattr(value, "detach"):
            self._state[name] = value
            return {"tensor": name}
        is_plain = isinstance(value, (int, float)) or (isinstance(value, np.ndarray) and value.dtype.kind in "biuf")
        self._state[name] = value if is_plain else dumps(value)
        return {"plain" if is_plain else "pickled": name}

    def _get(self, found: Any, packages: tuple[str, ...]) -> Any:
        import torch

        if isinstance(found, list):
            return found[0]
        ((kind, value),) = found.items()
        if kind == "items":
            return {self._get(key, packages): self._get(item, packages) for key, item in value}
        if kind == "list":
            return [self._get(item, packages) for item in value]
        if kind == "tensor":
            return torch.from_numpy(self._state[value])
        return loads(self._state[value], packages) if kind == "pickled" else self._state[value]
