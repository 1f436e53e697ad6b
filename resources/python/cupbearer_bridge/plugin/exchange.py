"""Arrays in the files of the exchange folder, which lies in memory where the system has such a folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .questions import ARRAY_TYPES, ProtocolError

Place = dict[str, Any]

#: Arrays begin at multiples of so many bytes, so that they can be used where they lie.
_ALIGNMENT = 64


class Exchange:
    """Reads what the program left in its files, and writes answers into two files of its own in turn."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._opened: dict[str, Any] = {}
        self._turn = 0

    def read(self, place: Place) -> NDArray[Any]:
        """Returns an array of its own, which stays as it is whatever the program writes next.

        :raises ProtocolError: if it does not lie in its file.
        """
        count = math.prod(place["shape"])
        size = count * ARRAY_TYPES[place["type"]]
        file = self._file(place["file"])
        end = file.seek(0, 2)
        if place["at"] + size > end:
            raise ProtocolError(f"expected {size} bytes from {place['at']} in {place['file']}, which has {end}.")
        array = np.empty(place["shape"], np.dtype(place["type"]).newbyteorder("<"))
        if size > 0:
            file.seek(place["at"])
            rest = array.reshape(-1).view(np.uint8).data
            while rest:
                read = file.readinto(rest)
                if not read:
                    raise ProtocolError(f"{place['file']} became shorter while it was read.")
                rest = rest[read:]
        return array

    def write(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Place]:
        """Writes the arrays of an answer one after another and returns their places."""
        places: dict[str, Place] = {}
        at = 0
        for name, array in arrays.items():
            places[name] = {"file": f"from-plugin-{self._turn}", "at": at, "type": array.dtype.name, "shape": list(array.shape)}
            at += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
        file = self._file(f"from-plugin-{self._turn}", create=True)
        self._turn = 1 - self._turn
        # What a large answer took is given back; otherwise its memory is used again, which is faster than new.
        if file.seek(0, 2) > 2 * at + 2**24:
            file.truncate(at)
        for name, array in arrays.items():
            file.seek(places[name]["at"])
            rest = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            while rest:
                rest = rest[file.write(rest) :]
        return places

    def _file(self, name: str, create: bool = False) -> Any:
        if name not in self._opened:
            path = self._folder / name
            if create:
                path.touch(mode=0o600)
            self._opened[name] = open(path, "r+b" if create else "rb", buffering=0)  # noqa: SIM115 - open as long as the process lives
        return self._opened[name]
