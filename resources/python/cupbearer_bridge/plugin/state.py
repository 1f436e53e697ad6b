"""The fitted state of a detector: arrays, numbers, words and bytes by name."""

from __future__ import annotations

import json
import math
from collections import UserDict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .questions import ARRAY_TYPES

#: Where the types are kept that the program's own do not tell apart.
_TYPES = "python.types"
_MOST_NAME = 500


def to_array(value: Any) -> NDArray[Any]:
    """Returns an array of numpy of an array, a tensor on any device, or a list of numbers."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value)


class State(UserDict[str, Any]):
    """What a detector learned; saved by the program, and all that it has of ``fit`` when it scores."""

    def __setitem__(self, name: str, value: Any) -> None:
        if not isinstance(name, str) or not 0 < len(name) <= _MOST_NAME or name == _TYPES:
            raise TypeError(f"state: expected a name of at most {_MOST_NAME} characters, found {name!r:.80}.")
        if isinstance(value, (bool, int, float, str, bytes)) and not isinstance(value, np.generic):
            super().__setitem__(name, value)
            return
        if isinstance(value, (bytearray, memoryview)):
            super().__setitem__(name, bytes(value))
            return
        array = None if value is None or isinstance(value, Mapping) else to_array(value)
        if array is None or array.dtype.kind not in "biufcUS":
            raise TypeError(
                f"state[{name!r}]: expected an array, a number, a word or bytes, found {type(value).__name__}. "
                "An object can be kept as the bytes that pickle.dumps(...) makes of it."
            )
        super().__setitem__(name, array.item() if isinstance(value, np.generic) else array)

    def __missing__(self, name: str) -> Any:
        raise KeyError(f"{name!r}: fit put no such thing into the state. It has {', '.join(map(repr, self.data)) or 'nothing'}.")


def to_stored(state: Mapping[str, Any]) -> tuple[dict[str, NDArray[Any]], dict[str, float | str]]:
    """Returns a state as arrays of the types that travel, and numbers and words."""
    tensors: dict[str, NDArray[Any]] = {}
    values: dict[str, float | str] = {}
    types: dict[str, Any] = {}
    for name, value in state.items():
        if isinstance(value, str):
            values[name] = value
        elif isinstance(value, bool):
            values[name], types[name] = int(value), "bool"
        elif isinstance(value, int):
            # JSON of other languages has no whole numbers beyond these.
            values[name], types[name] = (value if abs(value) < 2**53 else str(value)), "int"
        elif isinstance(value, float):
            values[name] = value if math.isfinite(value) else str(value)
            if not math.isfinite(value):
                types[name] = "float"
        elif isinstance(value, bytes):
            tensors[name], types[name] = np.frombuffer(value, np.uint8), "bytes"
        else:
            native = np.ascontiguousarray(value, value.dtype.newbyteorder("<")).reshape(value.shape)
            if native.dtype.name in ARRAY_TYPES:
                tensors[name] = native
            else:
                types[name] = {"dtype": native.dtype.str, "shape": list(native.shape)}
                tensors[name] = np.frombuffer(native.tobytes(), np.uint8)
    if types:
        values[_TYPES] = json.dumps(types)
    return tensors, values


def from_stored(tensors: Mapping[str, NDArray[Any]], values: Mapping[str, float | str]) -> State:
    """Returns the state that :func:`to_stored` was given. :raises ValueError: if it cannot be."""
    types = json.loads(str(values.get(_TYPES, "{}")))
    state = State()
    for name, array in tensors.items():
        kind = types.get(name)
        if kind == "bytes":
            state[name] = array.tobytes()
        elif isinstance(kind, dict):
            dtype = np.dtype(str(kind["dtype"]))
            if dtype.hasobject:
                raise ValueError(f"state[{name!r}]: expected numbers or words, found {dtype}.")
            state[name] = np.frombuffer(array.tobytes(), dtype).reshape(kind["shape"]).copy()
        else:
            state[name] = array
    read = {"int": int, "bool": bool, "float": float}
    for name, value in values.items():
        if name != _TYPES:
            kind = types.get(name)
            state[name] = read[kind](value) if isinstance(kind, str) else value if isinstance(value, str) else float(value)
    return state
