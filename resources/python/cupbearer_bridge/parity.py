"""Compares a model with what was exported of it."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import CONTRACT, read_contract, write_json
from .inputs import Inputs, inputs_of
from .loading import loaded
from .needed import ExportError, needed
from .observing import by_position, kept, observing, places

if TYPE_CHECKING:
    import torch

#: What a check has found, beside the activations.
PARITY = "parity.json"

#: Largest rounding error relative to a layer's largest value, by type: batches, threads and devices change the order of additions.
_ROUNDING = {"float64": 1e-9, "float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}


@dataclass(frozen=True)
class Difference:
    """How far a layer's values are from those of the reference rows."""

    #: The largest difference of a value.
    largest: float
    #: What rounding explains.
    limit: float

    @property
    def agrees(self) -> bool:
        return self.largest <= self.limit


def check(
    out: str | os.PathLike[str],
    model: torch.nn.Module | str | os.PathLike[str],
    *,
    tokenizer: Any = None,
    device: str | None = None,
    dtype: str | None = None,
) -> dict[str, Difference]:
    """Computes the reference rows of an export again and returns the largest difference by layer.

    :raises ExportError: if the export has no reference rows, or the model has no such layers.
    """
    needed("torch", "Checking activations")
    import torch

    folder = Path(out)
    contract = read_contract(folder)
    if not contract.get("reference"):
        raise ExportError(f"{folder}: expected reference rows, found none.")
    module = loaded(model, device=device, dtype=dtype)
    try:
        file = str(contract["reference"]["file"])
        tensors = _tensors(folder, file)
        inputs, positions = _inputs(module, contract, tensors, tokenizer)
        at = places(module, {name: f"{layer['module']}:{layer['hook']}" for name, layer in contract["layers"].items()})
        stored_as = contract["dtype"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ExportError(f"{folder}: expected a contract with all that made the activations, found one without: {error}") from error
    differences: dict[str, Difference] = {}
    lengths = None if inputs.lengths is None else torch.from_numpy(inputs.lengths)
    computed: dict[str, list[torch.Tensor]] = {place.name: [] for place in at}
    with observing(module, at) as observer:
        # One by one: padding is then no part of what is compared.
        for row in range(len(inputs)):
            argument, named = inputs.batch([row])
            seen = observer.values(named, argument)
            own = None if lengths is None else lengths[row : row + 1]
            for place in at:
                value = kept(by_position(place, seen[place.name], 1, own), own, positions)
                computed[place.name].append(value.to("cpu", torch.float64))
    rounding = max(_ROUNDING[name] for name in (stored_as, _dtype_of(module)) if name in _ROUNDING)
    for name, values in computed.items():
        ours = torch.cat(values).numpy()
        theirs = tensors[name].to(torch.float64).numpy() if name in tensors else np.zeros(0)
        if ours.shape != theirs.shape:
            raise ExportError(f"{folder / file}, {name!r}: expected {list(ours.shape)} as the model gives, found {list(theirs.shape)}.")
        both = np.isnan(ours) & np.isnan(theirs)
        apart = np.where(both, 0, np.abs(ours - theirs))
        scale = float(np.nanmax(np.abs(theirs), initial=0))
        differences[name] = Difference(float(apart.max(initial=0)), rounding * scale)
    return differences


def save_parity(out: str | os.PathLike[str], differences: dict[str, Difference]) -> None:
    """Writes what :func:`check` found beside the activations, where the program shows it until they are exported again."""
    folder = Path(out)
    finite = {
        name: {key: value if math.isfinite(value) else None for key, value in (("largest", d.largest), ("limit", d.limit))}
        for name, d in differences.items()
    }
    contract = hashlib.sha256((folder / CONTRACT).read_bytes()).hexdigest()
    write_json(folder / PARITY, {"format": "cupbearer-parity", "version": 1, "contract": contract, "layers": finite})


def _dtype_of(model: torch.nn.Module) -> str:
    return next((str(p.dtype).removeprefix("torch.") for p in model.parameters() if p.is_floating_point()), "float32")


def _tensors(folder: Path, name: str) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    if Path(name).name != name:
        raise ExportError(f"{folder}: expected a file beside the contract, found {name!r}.")
    try:
        return dict(load_file(folder / name))
    except Exception as error:  # safetensors has an error of its own, which is no OSError.
        raise ExportError(f"{folder / name}: expected reference rows: {error}") from error


def _inputs(
    model: torch.nn.Module, contract: dict[str, Any], tensors: dict[str, torch.Tensor], tokenizer: Any
) -> tuple[Inputs, Any]:
    texts = contract["reference"]["inputs"]
    prepared = contract.get("preprocessing") or {}
    arrays = {name.removeprefix("input:"): tensor for name, tensor in tensors.items() if name.startswith("input:")}
    return inputs_of(
        model,
        arrays if texts is None else texts,
        tokenizer=tokenizer,
        template=None,
        text_column="text",
        # The texts are as the tokenizer was given them, after any template.
        special_tokens=prepared.get("special_tokens"),
        max_length=prepared.get("max_length"),
        positions=contract["positions"],
        metadata=None,
        preprocessing=None,
    )
