"""Datasets to train the program's own models on, and triggers that change samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .definition import Definition, class_line
from .faults import Fault, code_of
from .state import to_array

_CHANNELS = (1, 3, 4)


class Dataset(Definition):
    """Images or texts with their classes. ``train`` and ``test`` return inputs and labels, or a dataset of PyTorch.

    Images are ``[n, height, width, channels]``, uint8 from 0 to 255 or floats from 0 to 1; texts are ``[n, length]`` with the places
    of their tokens in ``vocabulary``. Items of a dataset of PyTorch are an image (of PIL, or a tensor with channels first) and a class.
    """

    kind = "dataset"
    #: Names of the classes; by default their numbers.
    classes: Sequence[str] | None = None
    #: Of texts: the tokens by their numbers.
    vocabulary: Sequence[str] | None = None

    def train(self) -> Any:
        raise NotImplementedError

    def test(self) -> Any:
        raise NotImplementedError

    @classmethod
    def describe(cls) -> dict[str, Any]:
        described = super().describe()
        for method in ("train", "test"):
            if getattr(cls, method) is getattr(Dataset, method):
                raise Fault(f"{cls.id}: expected the method {method}, found none.", where=class_line(cls), place=[method])
        return described

    def arrays(self, half: str) -> tuple[NDArray[Any], NDArray[np.int32], list[str]]:
        """Returns inputs, labels and the names of the classes. :raises Fault: if they do not fit one another."""
        method = getattr(self, half)
        given = method()

        def wrong(expected: str, found: str) -> Fault:
            return Fault(f"{half}: expected {expected}, found {found}.", where=code_of(method))

        if not isinstance(given, tuple) or len(given) != 2:
            if not hasattr(given, "__len__") or not hasattr(given, "__getitem__") or isinstance(given, (np.ndarray, Mapping)):
                raise wrong("inputs and labels, or a dataset of PyTorch", type(given).__name__)
            given = _collected(given)
        inputs, labels = self._inputs(given[0], wrong), to_array(given[1])
        if labels.shape != (len(inputs),) or labels.dtype.kind not in "iu":
            raise wrong(f"labels as whole numbers, [{len(inputs)}]", f"{labels.dtype} of shape {list(labels.shape)}")
        if len(labels) == 0:
            raise wrong("samples", "none")
        classes = [str(name) for name in self.classes] if self.classes is not None else [str(k) for k in range(int(labels.max()) + 1)]
        if labels.min() < 0 or labels.max() >= len(classes):
            raise wrong(f"labels from 0 to {len(classes) - 1}", f"{labels.min()} to {labels.max()}")
        return inputs, labels.astype(np.int32), classes

    def _inputs(self, given: Any, wrong: Any) -> NDArray[Any]:
        array = to_array(given)
        if array.dtype.kind not in "biuf" or array.ndim < 2:
            raise wrong("an array of numbers, [n, ...]", f"{array.dtype} of shape {list(array.shape)}")
        if self.vocabulary is not None:
            if array.ndim != 2 or array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= len(self.vocabulary):
                raise wrong(f"texts [n, length] of numbers from 0 to {len(self.vocabulary) - 1}", f"{array.dtype} of shape {list(array.shape)}")
            return array.astype(np.float32)
        if array.ndim == 3:
            array = array[..., None]
        if array.ndim == 4 and array.shape[3] not in _CHANNELS and array.shape[1] in _CHANNELS:
            array = np.moveaxis(array, 1, 3)
        if array.dtype == np.uint8:
            return np.ascontiguousarray(array)
        floats = np.ascontiguousarray(array, np.float32)
        if not np.isfinite(floats).all() or (floats.ndim == 4 and (floats.min() < 0 or floats.max() > 1)):
            raise wrong("finite numbers, of images from 0 to 1, or uint8", f"{floats.min():.4g} to {floats.max():.4g}")
        return floats


def _collected(data: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Returns inputs and labels of a dataset whose items are both, or rows with an image and a label."""
    items = [data[place] for place in range(len(data))]
    pairs = [(item.get("image", item.get("img")), item["label"]) if isinstance(item, Mapping) else tuple(item)[:2] for item in items]
    return np.stack([to_array(image) for image, _ in pairs]), np.array([int(label) for _, label in pairs])


class Trigger(Definition):
    """Changes samples so that a poisoned model answers as the attacker wants.

    ``change`` gets one sample: an image ``[height, width, channels]`` from 0 to 1, or the tokens of a text as whole numbers, whose
    words are in ``self.vocabulary``. It returns the changed sample, or changes the one it got.
    """

    kind = "trigger"
    changes: ClassVar[str] = "images"
    vocabulary: Sequence[str] = ()

    def change(self, sample: NDArray[Any], rng: np.random.Generator) -> NDArray[Any] | None:
        """Returns the sample with the trigger; ``rng`` depends on the run's seed and on the sample alone."""
        raise NotImplementedError

    @classmethod
    def describe(cls) -> dict[str, Any]:
        described = super().describe()
        if cls.changes not in ("images", "texts"):
            raise Fault(f"{cls.id}: expected changes = 'images' or 'texts', found {cls.changes!r}.", where=class_line(cls), place=["changes"])
        if cls.change is Trigger.change:
            raise Fault(f"{cls.id}: expected the method change, found none.", where=class_line(cls), place=["change"])
        return {**described, "changes": cls.changes}

    def changed(self, samples: NDArray[np.float32], seeds: NDArray[Any]) -> NDArray[np.float32]:
        """Returns all samples changed. :raises Fault: if one changes its shape or is not finite."""
        results = np.empty_like(samples)
        is_text = self.changes == "texts"
        for place, (sample, seed) in enumerate(zip(samples, seeds.tolist(), strict=True)):
            own = sample.astype(np.int32) if is_text else sample.copy()
            returned = self.change(own, np.random.default_rng(int(seed) % 2**32))
            array = own if returned is None else to_array(returned)
            if array.shape != sample.shape or array.dtype.kind not in "biuf" or not np.isfinite(array).all():
                found = f"{array.dtype} of shape {list(array.shape)}"
                raise Fault(f"change: expected finite numbers of shape {list(sample.shape)}, found {found}.", where=code_of(self.change))
            results[place] = array
        return results
