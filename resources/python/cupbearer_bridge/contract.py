"""``activations.json``, which says how activations were made, and the files beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .inputs import hash_of_tensors
from .needed import ExportError

if TYPE_CHECKING:
    import torch

FORMAT = "cupbearer-activations"
VERSION = 1
CONTRACT = "activations.json"
REFERENCE = "reference.safetensors"


def made_by() -> dict[str, Any]:
    """Returns what the contract says of this package."""
    from . import __version__

    return {"tool": "cupbearer_bridge", "version": __version__}


def described_model(model: torch.nn.Module, name: str | None) -> dict[str, Any]:
    """Returns the contract's ``model``; its hash is null if weights are not in memory."""
    import torch

    config = getattr(model, "config", None)
    library = "transformers" if hasattr(config, "model_type") else "torch"
    # A folder's place differs from machine to machine, its name does not.
    known = str(getattr(model, "name_or_path", "") or "")
    if known and Path(known).exists():
        known = Path(known).resolve().name
    weights = {key: value for key, value in model.state_dict().items() if isinstance(value, torch.Tensor)}
    elsewhere = any(value.is_meta for value in weights.values())
    return {
        "name": name or known or type(model).__name__,
        "hash": None if elsewhere else hash_of_tensors(weights),
        "class": type(model).__name__,
        "library": library,
        "library_version": metadata.version(library),
    }


def read_contract(folder: Path) -> dict[str, Any]:
    """Returns the contract of an export. :raises ExportError: if there is none, or a newer version wrote it."""
    file = folder / CONTRACT
    try:
        contract = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ExportError(f"{folder}: expected exported activations, found no {CONTRACT}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ExportError(f"{file}: expected JSON, found something else: {error}") from error
    found = (contract.get("format"), contract.get("version")) if isinstance(contract, dict) else type(contract).__name__
    if found != (FORMAT, VERSION):
        raise ExportError(f"{file}: expected {FORMAT} of version {VERSION}, found {found}.")
    return dict(contract)


def write_json(file: Path, value: Any) -> None:
    """Writes a JSON file whole or not at all."""
    temporary = temporary_for(file)
    temporary.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    settle(temporary, file)


def write_tensors(file: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Writes a safetensors file whole or not at all."""
    from safetensors.torch import save_file

    temporary = temporary_for(file)
    temporary.touch()
    mode = temporary.stat().st_mode
    save_file(dict(tensors), temporary)
    # safetensors makes files that nobody else may read.
    temporary.chmod(mode)
    settle(temporary, file)


def settle(temporary: Path, file: Path) -> None:
    """Flushes what was written under a temporary name, and renames it."""
    with open(temporary, "rb+") as written:
        os.fsync(written.fileno())
    os.replace(temporary, file)


def temporary_for(file: Path) -> Path:
    """Returns the name under which a file is written until it is whole."""
    return file.with_name(f".{file.name}.{os.getpid()}.tmp")
