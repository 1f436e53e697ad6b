"""The samples of a model: texts, arrays, or datasets of PyTorch and Hugging Face, and which of them are anomalous."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .state import to_array

#: Samples of a dataset without arrays that tell whether it is still the same.
_PROBED = 100


@dataclass(frozen=True)
class Part:
    """Samples, which of them are anomalous (1), and which belong together.

    ``data`` are texts, rows with a text (also those of a Hugging Face dataset), an array ``[n, ...]`` that is the model's argument,
    a mapping from the names of its arguments to arrays, or a dataset of PyTorch whose items are inputs, or inputs and a class.
    """

    data: Any
    labels: Any = None
    #: Samples with the same number are not independent: they come from one document, say.
    groups: Any = None


def part_of(value: Any, name: str) -> Part:
    """Returns a part: as it was given, of data alone, or of ``{"normal": data, "anomalous": data}``.

    :raises TypeError: if labels or groups do not fit the data.
    """
    if isinstance(value, Mapping) and set(value) == {"normal", "anomalous"}:
        counts = [count_of(value["normal"]), count_of(value["anomalous"])]
        value = Part(_joined(value["normal"], value["anomalous"], name), np.repeat([0, 1], counts))
    part = value if isinstance(value, Part) else Part(value)
    count = count_of(part.data)
    if count == 0:
        raise TypeError(f"{name}: expected samples, found none.")
    labels = None if part.labels is None else to_array(part.labels)
    if labels is not None and (labels.shape != (count,) or not np.isin(labels, (0, 1)).all()):
        raise TypeError(f"{name}: expected labels 0 or 1, [{count}], found {labels.dtype} of shape {list(labels.shape)}.")
    if name == "test" and (labels is None or len(np.unique(labels)) < 2):
        raise TypeError("test: expected normal and anomalous samples: {'normal': data, 'anomalous': data}, or Part(data, labels).")
    groups = None if part.groups is None else to_array(part.groups)
    if groups is not None and (groups.shape != (count,) or groups.dtype.kind not in "iu"):
        raise TypeError(f"{name}: expected groups as whole numbers, [{count}], found {groups.dtype} of shape {list(groups.shape)}.")
    return Part(part.data, labels, groups)


def _is_array(data: Any) -> bool:
    return isinstance(data, np.ndarray) or (hasattr(data, "detach") and hasattr(data, "shape"))


def count_of(data: Any) -> int:
    """Returns how many samples there are."""
    return len(next(iter(data.values()), ())) if isinstance(data, Mapping) else len(data)


def _joined(first: Any, second: Any, name: str) -> Any:
    if isinstance(first, Mapping) and isinstance(second, Mapping) and set(first) == set(second):
        return {key: _joined(first[key], second[key], name) for key in first}
    if _is_array(first) and _is_array(second):
        return np.concatenate([to_array(first), to_array(second)])
    if isinstance(first, Mapping) or isinstance(second, Mapping) or _is_array(first) or _is_array(second):
        raise TypeError(f"{name}: expected normal and anomalous samples of one kind, found {type(first).__name__} and {type(second).__name__}.")
    return _Joined(first, second)


class _Joined(Sequence[Any]):
    """Two datasets one after another, which are read as they are needed."""

    def __init__(self, first: Any, second: Any) -> None:
        self.parts = (first, second)

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __getitem__(self, place: Any) -> Any:
        first, second = self.parts
        return first[place] if place < len(first) else second[place - len(first)]


def samples_of(data: Any) -> Any:
    """Returns data as what runs the model takes them: texts and rows in a list, arrays as they are, datasets read as needed."""
    if _is_array(data) or isinstance(data, (Mapping, Items)) or (hasattr(data, "to_dict") and hasattr(data, "columns")):
        return data
    first = data[0]
    is_text = isinstance(first, (str, Mapping)) or (isinstance(first, list) and bool(first) and isinstance(first[0], Mapping))
    return [data[place] for place in range(len(data))] if is_text else Items(data)


class Items:
    """A dataset of PyTorch: inputs by place, read as they are needed."""

    preprocessing: Mapping[str, Any] | None = None
    prompt_template: str | None = None
    lengths: NDArray[np.int64] | None = None
    truncated = 0
    takes_mask = True

    def __init__(self, data: Any, device: Any = None) -> None:
        self.data = data
        self._device = device

    def on(self, device: Any) -> Items:
        """Returns the same samples for a model on a device."""
        return Items(self.data, device)

    def __len__(self) -> int:
        return len(self.data)

    def item(self, row: int) -> NDArray[Any]:
        found = self.data[row]
        return to_array(found[0] if isinstance(found, (tuple, list)) else found)

    def batch(self, rows: Sequence[int]) -> tuple[Any, dict[str, Any]]:
        import torch

        return torch.from_numpy(np.stack([self.item(row) for row in rows])).to(self._device), {}

    def fingerprint(self) -> str:
        """Returns a SHA-256 of the number of samples and of a hundred of them."""
        digest = hashlib.sha256(f"{len(self)}".encode())
        for row in np.unique(np.linspace(0, len(self) - 1, _PROBED).astype(int)).tolist():
            item = self.item(row)
            digest.update(f"{item.dtype} {item.shape}\n".encode() + item.tobytes())
        return digest.hexdigest()

    def metadata(self) -> Iterator[dict[str, Any]]:
        yield from ({"id": row} for row in range(len(self)))

    def texts(self, rows: Sequence[int]) -> list[str] | None:
        return None

    def arrays(self, rows: Sequence[int]) -> dict[str, NDArray[Any]]:
        return {"": np.stack([self.item(row) for row in rows])}
