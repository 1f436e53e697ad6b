"""Fitted objects of libraries as bytes, and back without running what is not theirs.

``pickle`` runs whatever its bytes name. A run folder may come from somebody else, so only classes of the packages that the plugin
uses are made, and the few functions by which arrays are made.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from typing import Any

#: Of Python and numpy, what makes containers and arrays.
_MAKERS = {
    "builtins": ("bytearray", "complex", "frozenset", "object", "set", "slice"),
    "collections": ("OrderedDict", "defaultdict", "deque"),
    "copyreg": ("_reconstructor",),
    "_codecs": ("encode",),
    "numpy": ("dtype", "ndarray"),
    "numpy.core.multiarray": ("_reconstruct", "scalar"),
    "numpy._core.multiarray": ("_reconstruct", "scalar"),
    "numpy.core.numeric": ("_frombuffer",),
    "numpy._core.numeric": ("_frombuffer",),
    "numpy.random._pickle": ("__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor"),
    "numpy.random._mt19937": ("MT19937",),
    "numpy.random._pcg64": ("PCG64",),
}
#: What Cython calls the functions that rebuild objects of a module.
_REBUILDERS = ("newObj", "__pyx_unpickle")


def dumps(value: Any) -> bytes:
    """Returns an object as bytes."""
    return pickle.dumps(value, protocol=5)


def loads(data: bytes, packages: Sequence[str]) -> Any:
    """Returns the object of such bytes. :raises pickle.UnpicklingError: if they name what is of none of the packages."""
    return _Reader(data, packages).load()


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, packages: Sequence[str]) -> None:
        super().__init__(io.BytesIO(data))
        self._packages = packages

    def find_class(self, module: str, name: str) -> Any:
        if name in _MAKERS.get(module, ()):
            return super().find_class(module, name)
        if module.partition(".")[0] in self._packages and "." not in name:
            found = super().find_class(module, name)
            # Functions of a package might do anything.
            if isinstance(found, type) or name.startswith(_REBUILDERS):
                return found
        raise pickle.UnpicklingError(f"expected objects of {', '.join(self._packages)} in the detector's state, found {module}.{name}.")
